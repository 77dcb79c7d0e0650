/// <reference types="office-js" />
// The live back end of PowerPoint: the operations of the vocabulary through Office.js.
//
// This file and `ops/` are the only ones that touch Office.js in the PowerPoint pane. They know no service and draw
// nothing. What Office.js cannot do on a deck (tables, charts, pictures) the service does on an exported slide.
import type { Answer, ApplyOutcome, DeckOperation, LiveDocument, Operation } from "@deskhand/shared/generated/protocol.ts";
import { type DocumentHost, RefusalError, type Stop } from "@deskhand/shared/host/document-host.ts";
import { embedId, embeddedId } from "@deskhand/shared/host/embedded-id.ts";
import { refusalOf } from "@deskhand/shared/host/office-errors.ts";
import { shapeDelete, slideAdd, slideDelete, textSet } from "./ops/change.ts";
import { slideExport, slideReplace } from "./ops/exchange.ts";
import { deckInfo, find, hasApi, slideContent, slides } from "./ops/slides.ts";

/** Waits for Office and takes the deck that the pane stands in. */
export async function createPowerPointHost(): Promise<DocumentHost> {
  const { host } = await Office.onReady();
  if ((host as Office.HostType | null) !== Office.HostType.PowerPoint) {
    throw new Error("This page is to be opened in PowerPoint.");
  }
  return new PowerPointHost();
}

class PowerPointHost implements DocumentHost {
  readonly kind = "deck";
  /** Operations follow each other: a fingerprint that was checked holds until its change is done. */
  private last: Promise<unknown> = Promise.resolve();

  async describe(): Promise<LiveDocument> {
    const url = Office.context.document.url as string | undefined;
    const embedded = embeddedId();
    const sets = ["1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "1.9", "1.10"].filter(hasApi);
    const count = await PowerPoint.run(async (context) => {
      const counted = context.presentation.slides.getCount();
      await context.sync();
      return counted.value;
    });
    return {
      kind: this.kind,
      title: titleOf(url),
      ...(url === undefined || url === "" ? {} : { path: url }),
      ...(embedded === undefined ? {} : { embeddedId: embedded }),
      sets: sets.map((version) => `PowerPointApi ${version}`),
      summary: `${count} ${count === 1 ? "slide" : "slides"}`,
    };
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
    try {
      if (!isForDeck(operation)) {
        throw new RefusalError("badInput", `\`${operation.op}\` is not for a deck`);
      }
      const answer = await PowerPoint.run(async (context) => {
        if (expected !== undefined) {
          await requireUnchanged(context, operation, expected);
        }
        return await answerOf(context, operation);
      });
      return { answer };
    } catch (error) {
      return { refusal: refusalOf(error) };
    }
  }

  async select(target: string): Promise<void> {
    const id = /^slide:(.+)$/.exec(target)?.[1];
    if (id === undefined) {
      throw new RefusalError("badInput", `\`${target}\` is no slide`);
    }
    try {
      const slide = await PowerPoint.run((context) => find(context, id));
      await goTo(slide.index + 1);
    } catch (error) {
      const { code, message } = refusalOf(error);
      throw new RefusalError(code, message);
    }
  }

  /** PowerPoint raises no event when a slide is changed. */
  onChanged(): Promise<Stop> {
    return Promise.resolve(() => Promise.resolve());
  }

  onSelectionChanged(listener: (target: string | undefined) => void): Promise<Stop> {
    const handler = (): void => {
      selected().then(listener, () => listener(undefined));
    };
    const { document } = Office.context;
    const type = Office.EventType.DocumentSelectionChanged;
    return new Promise((resolve, reject) => {
      document.addHandlerAsync(type, handler, (result) => {
        if (result.status === Office.AsyncResultStatus.Succeeded) {
          resolve(() => new Promise((stopped) => document.removeHandlerAsync(type, { handler }, () => stopped())));
        } else {
          reject(new Error(result.error.message));
        }
      });
    });
  }

  /** PowerPoint has no state that refuses calls. */
  whenIdle(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return Promise.resolve();
  }
}

function titleOf(url: string | undefined): string {
  const last = url?.split(/[\\/]/).at(-1) ?? "";
  return last === "" ? "Deck" : /^https?:/.test(url ?? "") ? decodeURIComponent(last) : last;
}

/** Shows the slide at a place from 1. */
function goTo(index: number): Promise<void> {
  return new Promise((resolve, reject) => {
    Office.context.document.goToByIdAsync(index, Office.GoToType.Index, (result) => {
      if (result.status === Office.AsyncResultStatus.Succeeded) {
        resolve();
      } else {
        reject(new RefusalError("failed", result.error.message));
      }
    });
  });
}

/** The selected slide, where the host can tell (PowerPointApi 1.5). */
async function selected(): Promise<string | undefined> {
  if (!hasApi("1.5")) {
    return undefined;
  }
  return PowerPoint.run(async (context) => {
    const chosen = context.presentation.getSelectedSlides();
    chosen.load("items/id");
    const all = await slides(context);
    const slide = all.find(({ hostId }) => hostId === chosen.items[0]?.id);
    return slide === undefined ? undefined : `slide:${slide.id}`;
  });
}

/** Some tags are those of workbook operations too; on a deck those name a slide. */
function isForDeck(operation: Operation): operation is DeckOperation {
  const ofDeck = /^(?:deck\.|slide\.|text\.|shape\.|notes\.)/.test(operation.op);
  return ofDeck || (/^(?:table|chart|picture)\./.test(operation.op) && "slide" in operation);
}

async function requireUnchanged(context: PowerPoint.RequestContext, operation: DeckOperation, expected: string): Promise<void> {
  if (!("slide" in operation) || operation.op === "slide.read" || operation.op === "slide.export") {
    return;
  }
  const slide = (await slides(context)).find(({ id }) => id === operation.slide);
  const now = slide === undefined ? undefined : (await slideContent(context, slide)).fingerprint;
  if (now !== expected) {
    throw new RefusalError("changed", `slide \`${operation.slide}\` changed since it was read`);
  }
}

async function answerOf(context: PowerPoint.RequestContext, operation: DeckOperation): Promise<Answer> {
  const { op } = operation;
  switch (op) {
    case "deck.info":
      return { op, ...(await deckInfo(context)) };
    case "slide.read":
      return { op, ...(await slideContent(context, await find(context, operation.slide))) };
    case "slide.add":
      return { op, ...(await slideAdd(context, operation)) };
    case "slide.delete":
      return { op, ...(await slideDelete(context, operation)) };
    case "text.set":
      return { op, ...(await textSet(context, operation)) };
    case "shape.delete":
      return { op, ...(await shapeDelete(context, operation)) };
    case "slide.export":
      return { op, ...(await slideExport(context, operation)) };
    case "slide.replace":
      return { op, ...(await slideReplace(context, operation)) };
    case "slide.hide":
    case "text.replace":
    case "notes.set":
    case "shape.add":
    case "shape.move":
    case "shape.resize":
    case "shape.format":
    case "table.add":
    case "table.set":
    case "chart.add":
    case "chart.update":
    case "picture.add":
    case "picture.replace":
      throw new RefusalError("unsupported", `Office.js cannot do \`${op}\` on a slide; it is done on an exported slide`);
    case "slide.duplicate":
    case "slide.fromTemplate":
    case "slide.move":
    case "deck.check":
      throw new RefusalError("unsupported", `\`${op}\` works on the whole file; close the deck in PowerPoint first`);
    case "deck.create":
      throw new RefusalError("unsupported", `\`${op}\` makes a new file; the open deck stays as it is`);
  }
}
