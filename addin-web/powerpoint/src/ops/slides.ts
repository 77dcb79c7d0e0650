// Finding and reading slides of the open deck.
import type { DeckContent, SlideContent, SlideShape } from "@deskhand/shared/generated/protocol.ts";
import { RefusalError, sha256 } from "@deskhand/shared/host/document-host.ts";

/** The tag that holds a slide's logical id: it stays with the slide when PowerPoint gives it another id. */
export const LOGICAL_ID = "DESKHAND_ID";

/** A slide with the id that the vocabulary knows and the one that PowerPoint knows. */
export interface Slide {
  /** From the tag, otherwise the number in the file. */
  id: string;
  hostId: string;
  index: number;
  slide: PowerPoint.Slide;
}

export function hasApi(version: string): boolean {
  return Office.context.requirements.isSetSupported("PowerPointApi", version);
}

/** The number in the file (`sldId/@id`), with which PowerPoint's ids begin: `256#1234`. */
export function numberOf(hostId: string): string {
  return hostId.split("#")[0] ?? hostId;
}

/** All slides with their logical ids. Of slides with the same tag, as a copied slide has, the first keeps it. */
export async function slides(context: PowerPoint.RequestContext): Promise<Slide[]> {
  const collection = context.presentation.slides;
  collection.load("items/id");
  await context.sync();
  const tags = collection.items.map((slide) => {
    const tag = slide.tags.getItemOrNullObject(LOGICAL_ID);
    tag.load("value");
    return tag;
  });
  await context.sync();
  const taken = new Set<string>();
  return collection.items.map((slide, index) => {
    const tag = tags[index];
    const tagged = tag === undefined || tag.isNullObject ? undefined : tag.value;
    const id = tagged === undefined || taken.has(tagged) ? numberOf(slide.id) : tagged;
    taken.add(id);
    return { id, hostId: slide.id, index, slide };
  });
}

/** The slide of a logical id. */
export async function find(context: PowerPoint.RequestContext, id: string): Promise<Slide> {
  const all = await slides(context);
  const found = all.find((slide) => slide.id === id);
  if (found === undefined) {
    throw new RefusalError("notFound", `there is no slide \`${id}\``);
  }
  return found;
}

export async function deckInfo(context: PowerPoint.RequestContext): Promise<DeckContent> {
  const masters = context.presentation.slideMasters;
  masters.load("items/name,items/layouts/items/name");
  await context.sync();
  const layouts = masters.items.flatMap((master) =>
    // Office.js before PowerPointApi 1.8 does not tell which placeholders a layout has.
    master.layouts.items.map((layout) => ({ name: layout.name, master: master.name, placeholders: [] })),
  );
  const contents: SlideContent[] = [];
  for (const slide of await slides(context)) {
    contents.push(await slideContent(context, slide));
  }
  return { kind: "deck", ...(await size(context)), layouts, slides: contents };
}

/** Width and height, where the host tells them; 0 where it does not. */
async function size(context: PowerPoint.RequestContext): Promise<{ width: number; height: number }> {
  if (!hasApi("1.10")) {
    return { width: 0, height: 0 };
  }
  const { pageSetup } = context.presentation;
  pageSetup.load("slideWidth,slideHeight");
  await context.sync();
  return { width: pageSetup.slideWidth, height: pageSetup.slideHeight };
}

/** What a slide holds. Data of tables and charts is not told by Office.js. */
export async function slideContent(context: PowerPoint.RequestContext, { id, index, slide }: Slide): Promise<SlideContent> {
  slide.layout.load("name");
  const shapes = await readShapes(context, slide);
  shapes.sort(inReadingOrder);
  const title = shapes.find(({ placeholder }) => placeholder === "title" || placeholder === "ctrTitle")?.text;
  const fingerprint = await sha256(JSON.stringify(shapes));
  return {
    id,
    index: index + 1,
    layout: slide.layout.name,
    ...(title === undefined || title === "" ? {} : { title }),
    shapes,
    fingerprint,
  };
}

const KINDS: Partial<Record<string, string>> = {
  Placeholder: "placeholder",
  TextBox: "text",
  GeometricShape: "shape",
  Callout: "shape",
  Freeform: "shape",
  Table: "table",
  Chart: "chart",
  Image: "picture",
  Graphic: "picture",
  Group: "group",
  Line: "line",
};
const WITH_TEXT = new Set(["placeholder", "text", "shape"]);

export async function readShapes(context: PowerPoint.RequestContext, slide: PowerPoint.Slide): Promise<SlideShape[]> {
  slide.shapes.load("items/id,items/name,items/type,items/left,items/top,items/width,items/height");
  await context.sync();
  const { items } = slide.shapes;
  const kinds = items.map((shape) => KINDS[shape.type] ?? "other");
  // Asking a table or a picture for its text fails the whole batch.
  const texts = items.map((shape, at) => (WITH_TEXT.has(kinds[at] ?? "") ? shape.textFrame.textRange : undefined));
  texts.forEach((text) => text?.load("text"));
  const formats = items.map((shape, at) => (hasApi("1.8") && kinds[at] === "placeholder" ? shape.placeholderFormat : undefined));
  formats.forEach((format) => format?.load("type"));
  await context.sync();
  return items.map((shape, at) => {
    const text = texts[at]?.text;
    const placeholder = kinds[at] === "placeholder" ? placeholderOf(formats[at]?.type, shape.name) : undefined;
    return {
      id: shape.id,
      name: shape.name,
      kind: kinds[at] ?? "other",
      ...(placeholder === undefined ? {} : { placeholder }),
      ...(text === undefined ? {} : { text: lines(text) }),
      frame: { left: round(shape.left), top: round(shape.top), width: round(shape.width), height: round(shape.height) },
    };
  });
}

/** Paragraphs as lines, whichever way the host parts them. */
export function lines(text: string): string {
  return text.replace(/\r\n|\r|\v/g, "\n");
}

/** Placeholder kinds as the file names them, by what PowerPointApi 1.8 tells. */
const PLACEHOLDERS: Partial<Record<string, string>> = {
  Title: "title",
  CenterTitle: "ctrTitle",
  Subtitle: "subTitle",
  Body: "body",
  Content: "obj",
  Picture: "pic",
  Chart: "chart",
  Table: "tbl",
  Date: "dt",
  Footer: "ftr",
  SlideNumber: "sldNum",
};
/** PowerPoint's own names of new placeholders, for hosts that do not tell the kind. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^title/i, "title"],
  [/^subtitle/i, "subTitle"],
  [/^(?:content|inhaltsplatzhalter|espace réservé du contenu)/i, "obj"],
  [/^text/i, "body"],
  [/^(?:date)/i, "dt"],
  [/^(?:footer)/i, "ftr"],
  [/^(?:slide number)/i, "sldNum"],
  [/^(?:picture)/i, "pic"],
  [/^(?:titel|titre|título)/i, "title"],
];

export function placeholderOf(type: string | undefined, name: string): string | undefined {
  return type === undefined ? NAMES.find(([pattern]) => pattern.test(name))?.[1] : PLACEHOLDERS[type];
}

/** Hosts answer points with rounding noise, which must not change a mark. */
function round(points: number): number {
  return Math.round(points * 100) / 100;
}

/** The title first, then from top to bottom and left to right. */
function inReadingOrder(one: SlideShape, other: SlideShape): number {
  const rank = (shape: SlideShape): number => (shape.placeholder === "title" || shape.placeholder === "ctrTitle" ? 0 : 1);
  const [a, b] = [one.frame, other.frame];
  return rank(one) - rank(other) || (a?.top ?? 0) - (b?.top ?? 0) || (a?.left ?? 0) - (b?.left ?? 0);
}
