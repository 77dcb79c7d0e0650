// `workbook.info`.
import type { SheetContent, WorkbookContent } from "@deskhand/shared/generated/protocol.ts";
import { areaName } from "./address.ts";
import { areaIn, hasApi } from "./sheet.ts";

export async function workbookInfo(context: Excel.RequestContext): Promise<WorkbookContent> {
  const { worksheets, names } = context.workbook;
  worksheets.load("items/name,items/visibility");
  names.load("items/name,items/formula,items/visible");
  const selection = context.workbook.getSelectedRange();
  selection.load("address");
  await context.sync();
  const sheets: SheetContent[] = [];
  for (const sheet of worksheets.items) {
    sheets.push(await sheetContent(sheet));
  }
  return {
    kind: "workbook",
    sheets,
    // Hidden ones, too: a formula reaches through them all the same, and who is asked about it must know.
    names: names.items.map(({ name, formula, visible }) => ({
      name,
      refersTo: String(formula).replace(/^=/, ""),
      ...(visible ? {} : { hidden: true }),
    })),
    selection: selection.address,
  };
}

/** One sheet; its name and visibility are loaded. */
export async function sheetContent(sheet: Excel.Worksheet): Promise<SheetContent> {
  const used = sheet.getUsedRangeOrNullObject(true);
  used.load("address");
  sheet.tables.load("items/name,items/columns/items/name");
  sheet.charts.load("items/name");
  const pivots = hasApi("1.3") ? sheet.pivotTables : undefined;
  pivots?.load("items/name");
  await sheet.context.sync();
  const ranges = sheet.tables.items.map((table) => {
    const range = table.getRange();
    range.load("address");
    return { table, range };
  });
  if (ranges.length > 0) {
    await sheet.context.sync();
  }
  const area = used.isNullObject ? undefined : areaIn(used.address);
  return {
    name: sheet.name,
    visible: (sheet.visibility as string) === "Visible",
    ...(area === undefined ? {} : { usedRange: areaName(area) }),
    tables: ranges.map(({ table, range }) => ({
      name: table.name,
      range: range.address.slice(range.address.lastIndexOf("!") + 1),
      columns: table.columns.items.map(({ name }) => name),
    })),
    charts: sheet.charts.items.map(({ name }) => name),
    pivots: pivots?.items.map(({ name }) => name) ?? [],
  };
}
