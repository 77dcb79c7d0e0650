/// <reference types="office-js" />
// The live back end of Excel: the operations of the vocabulary through Office.js.
//
// This file and `ops/` are the only ones that touch Office.js in the Excel pane. They know no service and draw nothing.
import type { Answer, ApplyOutcome, LiveDocument, Operation, WorkbookOperation } from "@deskhand/shared/generated/protocol.ts";
import { type DocumentHost, RefusalError, type Stop } from "@deskhand/shared/host/document-host.ts";
import { embedId, embeddedId } from "@deskhand/shared/host/embedded-id.ts";
import { isBusy, refusalOf } from "@deskhand/shared/host/office-errors.ts";
import { addressName, type Area, sheetName } from "./ops/address.ts";
import { rangeFormat } from "./ops/formats.ts";
import { workbookInfo } from "./ops/info.ts";
import { markOf, rangeFind, rangeRead } from "./ops/read.ts";
import { areaIn, find, hasApi, rangeOf } from "./ops/sheet.ts";
import { chartAdd, chartDelete, sheetAdd, sheetDelete, tableAdd, tableDelete } from "./ops/structure.ts";
import { rangeClear, rangeRestore, rangeWrite, writtenArea } from "./ops/write.ts";

const IDLE_POLL_MS = 400;
const MAX_TARGETS = 100;

/** Waits for Office and takes the workbook that the pane stands in. */
export async function createExcelHost(): Promise<DocumentHost> {
  const { host } = await Office.onReady();
  if ((host as Office.HostType | null) !== Office.HostType.Excel) {
    throw new Error("This page is to be opened in Excel.");
  }
  return new ExcelHost();
}

class ExcelHost implements DocumentHost {
  readonly kind = "workbook";
  /** Operations follow each other: a fingerprint that was checked holds until its write is done. */
  private last: Promise<unknown> = Promise.resolve();
  private performing = 0;

  async describe(): Promise<LiveDocument> {
    const url = Office.context.document.url as string | undefined;
    const embedded = embeddedId();
    const sets = ["1.1", "1.2", "1.3", "1.4", "1.7", "1.9", "1.12", "1.14", "1.15", "1.16", "1.17", "1.18"].filter(hasApi);
    const described: LiveDocument = {
      kind: this.kind,
      title: titleOf(url),
      ...(url === undefined || url === "" ? {} : { path: url }),
      ...(embedded === undefined ? {} : { embeddedId: embedded }),
      sets: sets.map((version) => `ExcelApi ${version}`),
    };
    try {
      return { ...described, ...(await this.content()) };
    } catch (error) {
      if (isBusy(error)) {
        return described;
      }
      throw error;
    }
  }

  /** What can be told of the content, unless a cell is being edited. */
  private content(): Promise<Partial<LiveDocument>> {
    return Excel.run(async (context) => {
      const { worksheets } = context.workbook;
      worksheets.load("items/name");
      await context.sync();
      const used = worksheets.items.map((sheet) => sheet.getUsedRangeOrNullObject(true));
      used.forEach((range) => range.load("rowCount"));
      await context.sync();
      const rows = used.reduce((sum, range) => sum + (range.isNullObject ? 0 : range.rowCount), 0);
      const sheets = worksheets.items.length;
      return { summary: `${sheets} ${sheets === 1 ? "sheet" : "sheets"}, ${rows.toLocaleString("en")} rows` };
    });
  }

  embed(id: string): Promise<void> {
    return embedId(id);
  }

  perform(operation: Operation, expected?: string): Promise<ApplyOutcome> {
    const done = this.last.then(() => this.performNow(operation, expected));
    this.last = done;
    return done;
  }

  private async performNow(operation: Operation, expected?: string): Promise<ApplyOutcome> {
    this.performing++;
    try {
      if (!isForWorkbook(operation)) {
        throw new RefusalError("badInput", `\`${operation.op}\` is not for a workbook`);
      }
      const answer = await Excel.run(async (context) => {
        if (expected !== undefined) {
          await requireUnchanged(context, operation, expected);
        }
        return await answerOf(context, operation);
      });
      return { answer };
    } catch (error) {
      return { refusal: refusalOf(error) };
    } finally {
      this.performing--;
    }
  }

  async select(target: string): Promise<void> {
    try {
      await Excel.run(async (context) => {
        const { sheet, area } = await find(context, target);
        sheet.activate();
        rangeOf(sheet, area).select();
        await context.sync();
      });
    } catch (error) {
      const { code, message } = refusalOf(error);
      throw new RefusalError(code, message);
    }
  }

  async onChanged(listener: (targets: string[]) => void): Promise<Stop> {
    return Excel.run(async (context) => {
      const handler = async (event: Excel.WorksheetChangedEventArgs): Promise<void> => {
        // Hosts before ExcelApi 1.14 do not tell who wrote: what comes while an operation runs is taken for its own.
        const source = event.triggerSource as string | undefined;
        const own = source === undefined ? this.performing > 0 : source === "ThisLocalAddin";
        if (own) {
          return;
        }
        const sheet = await nameOf(event.worksheetId);
        const targets = event.address.split(",").slice(0, MAX_TARGETS);
        listener(targets.map((address) => `${sheetName(sheet)}!${address}`));
      };
      const registered = context.workbook.worksheets.onChanged.add(handler);
      await context.sync();
      return () => removed(registered);
    });
  }

  async onSelectionChanged(listener: (target: string | undefined) => void): Promise<Stop> {
    return Excel.run(async (context) => {
      const registered = context.workbook.worksheets.onSelectionChanged.add(async (event) => {
        const area = areaIn(event.address);
        const sheet = await nameOf(event.worksheetId);
        listener(area === undefined ? `${sheetName(sheet)}!${event.address}` : addressName(sheet, area));
      });
      await context.sync();
      return () => removed(registered);
    });
  }

  async whenIdle(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      try {
        await Excel.run(async (context) => {
          context.workbook.worksheets.getActiveWorksheet().load("name");
          await context.sync();
        });
        return;
      } catch (error) {
        if (!isBusy(error)) {
          throw error;
        }
      }
      // Excel raises no event when editing ends.
      await new Promise((resolve) => setTimeout(resolve, IDLE_POLL_MS));
    }
  }
}

function titleOf(url: string | undefined): string {
  const last = url?.split(/[\\/]/).at(-1) ?? "";
  return last === "" ? "Workbook" : /^https?:/.test(url ?? "") ? decodeURIComponent(last) : last;
}

function nameOf(worksheetId: string): Promise<string> {
  return Excel.run(async (context) => {
    const sheet = context.workbook.worksheets.getItem(worksheetId);
    sheet.load("name");
    await context.sync();
    return sheet.name;
  });
}

function removed<T>(registered: OfficeExtension.EventHandlerResult<T>): Promise<void> {
  return Excel.run(registered.context, async (context) => {
    registered.remove();
    await context.sync();
  });
}

/** The cells whose mark an operation must find unchanged. */
function guarded(operation: WorkbookOperation): { range: string; area?: Area } | undefined {
  switch (operation.op) {
    case "range.write":
      return { range: operation.range, area: writtenArea(operation) };
    case "range.format":
    case "range.clear":
    case "table.add":
      return { range: operation.range };
    case "range.restore":
      return { range: operation.image.address };
    case "sheet.delete":
      return { range: sheetName(operation.name) };
    case "workbook.info":
    case "range.read":
    case "range.find":
    case "sheet.add":
    case "table.delete":
    case "chart.add":
    case "chart.delete":
    default:
      return undefined;
  }
}

async function requireUnchanged(context: Excel.RequestContext, operation: WorkbookOperation, expected: string): Promise<void> {
  const target = guarded(operation);
  if (target === undefined) {
    return;
  }
  const found = await find(context, target.range);
  const now = await markOf({ ...found, area: target.area ?? found.area });
  if (now !== expected) {
    throw new RefusalError("changed", `${target.range} changed since it was read`);
  }
}

/** Some operations of a deck bear the tags of a workbook's; they name a slide. */
function isForWorkbook(operation: Operation): operation is WorkbookOperation {
  return !/^(?:deck|slide|text|shape|notes)\./.test(operation.op) && !("slide" in operation);
}

async function answerOf(context: Excel.RequestContext, operation: WorkbookOperation): Promise<Answer> {
  const { op } = operation;
  switch (op) {
    case "workbook.info":
      return { op, ...(await workbookInfo(context)) };
    case "range.read":
      return { op, ...(await rangeRead(context, operation)) };
    case "range.find":
      return { op, ...(await rangeFind(context, operation)) };
    case "range.write":
      return { op, ...(await rangeWrite(context, operation)) };
    case "range.format":
      return { op, ...(await rangeFormat(context, operation)) };
    case "range.clear":
      return { op, ...(await rangeClear(context, operation)) };
    case "range.restore":
      return { op, ...(await rangeRestore(context, operation)) };
    case "sheet.add":
      return { op, ...(await sheetAdd(context, operation)) };
    case "sheet.delete":
      return { op, ...(await sheetDelete(context, operation)) };
    case "table.add":
      return { op, ...(await tableAdd(context, operation)) };
    case "table.delete":
      return { op, ...(await tableDelete(context, operation)) };
    case "chart.add":
      return { op, ...(await chartAdd(context, operation)) };
    case "chart.delete":
      return { op, ...(await chartDelete(context, operation)) };
    default:
      // The service sends none of these: the table of operations says that they need the file.
      throw new RefusalError("unsupported", `${op} is not available while the workbook is open`);
  }
}
