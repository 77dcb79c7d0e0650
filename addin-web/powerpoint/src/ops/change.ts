// Slides added and deleted, texts set, shapes deleted.
import type { Applied, ShapeDelete, SlideAdd, SlideContent, SlideDelete, TextSet } from "@deskhand/shared/generated/protocol.ts";
import { RefusalError } from "@deskhand/shared/host/document-host.ts";
import { exportFile } from "./exchange.ts";
import { find, LOGICAL_ID, numberOf, placeholderOf, readShapes, type Slide, slideContent, slides } from "./slides.ts";

export async function slideAdd(context: PowerPoint.RequestContext, operation: SlideAdd): Promise<SlideContent> {
  const masters = context.presentation.slideMasters;
  masters.load("items/id,items/layouts/items/id,items/layouts/items/name");
  const before = await slides(context);
  const layouts = masters.items.flatMap((master) => master.layouts.items.map((layout) => ({ master, layout })));
  const chosen = layouts.find(({ layout }) => layout.name === operation.layout);
  if (chosen === undefined) {
    const names = [...new Set(layouts.map(({ layout }) => layout.name))].join(", ");
    throw new RefusalError("notFound", `there is no layout \`${operation.layout}\`; there are ${names}`);
  }
  const after = operation.after === undefined ? undefined : before.find(({ id }) => id === operation.after);
  if (operation.after !== undefined && after === undefined) {
    throw new RefusalError("notFound", `there is no slide \`${operation.after}\``);
  }
  if (operation.id !== undefined && before.some(({ id }) => id === operation.id)) {
    throw new RefusalError("nameTaken", `there is a slide \`${operation.id}\` already`);
  }
  context.presentation.slides.add({ layoutId: chosen.layout.id, slideMasterId: chosen.master.id });
  const added = await newSlide(context, before);
  let placed = added;
  try {
    await fill(context, added.slide, operation);
    if (operation.id !== undefined && operation.id !== "") {
      added.slide.tags.add(LOGICAL_ID, operation.id);
      await context.sync();
    }
    if (after !== undefined && after.index < before.length - 1) {
      placed = await moved(context, added, after);
    }
  } catch (error) {
    // A refused operation leaves nothing behind.
    context.presentation.slides.getItem(added.hostId).delete();
    await context.sync();
    throw error;
  }
  const listed = (await slides(context)).find(({ hostId }) => hostId === placed.hostId);
  return slideContent(context, listed ?? placed);
}

/** The slide that was not there before. */
export async function newSlide(context: PowerPoint.RequestContext, before: Slide[]): Promise<Slide> {
  const known = new Set(before.map(({ hostId }) => hostId));
  const added = (await slides(context)).find(({ hostId }) => !known.has(hostId));
  if (added === undefined) {
    throw new RefusalError("failed", "PowerPoint added no slide");
  }
  return added;
}

/** Puts the texts into the placeholders, and takes out those that got none. */
async function fill(context: PowerPoint.RequestContext, slide: PowerPoint.Slide, { texts, layout }: SlideAdd): Promise<void> {
  const shapes = await readShapes(context, slide);
  const free = new Map(shapes.map((shape) => [shape.id, shape]));
  const bare = (name: string): string => name.replace(/\s*\d+$/, "").toLowerCase();
  for (const { placeholder, text } of texts ?? []) {
    const candidates = [...free.values()].filter(({ kind }) => kind === "placeholder" || kind === "shape" || kind === "text");
    const shape =
      candidates.find(({ name }) => name === placeholder) ??
      candidates.find(({ name }) => bare(name) === bare(placeholder)) ??
      candidates.find((one) => kindred(one.placeholder ?? placeholderOf(undefined, one.name), placeholder));
    if (shape === undefined) {
      const names = shapes.map(({ name }) => name).join(", ");
      throw new RefusalError("notFound", `the layout \`${layout}\` has no free placeholder \`${placeholder}\`; it has ${names}`);
    }
    free.delete(shape.id);
    slide.shapes.getItem(shape.id).textFrame.textRange.text = text;
  }
  for (const id of free.keys()) {
    slide.shapes.getItem(id).delete();
  }
  await context.sync();
}

/** A title is a title in every layout; what holds text in one layout holds any content in another. */
function kindred(kind: string | undefined, wanted: string): boolean {
  const group = (name: string | undefined): string | undefined =>
    name === "ctrTitle" ? "title" : name === "obj" || name === "content" || name === "subTitle" ? "body" : name;
  return kind === wanted || group(kind) === group(wanted);
}

/** Office.js before 1.8 moves no slide: it is put in anew behind another, and the first one goes. */
async function moved(context: PowerPoint.RequestContext, slide: Slide, after: Slide): Promise<Slide> {
  const before = await slides(context);
  const data = await exportFile();
  context.presentation.insertSlidesFromBase64(data, {
    formatting: "KeepSourceFormatting",
    targetSlideId: after.hostId,
    sourceSlideIds: [`${numberOf(slide.hostId)}#`],
  });
  const placed = await newSlide(context, before);
  slide.slide.delete();
  await context.sync();
  return placed;
}

export async function slideDelete(context: PowerPoint.RequestContext, operation: SlideDelete): Promise<Applied> {
  const { slide, id } = await find(context, operation.slide);
  slide.delete();
  await context.sync();
  return { target: `slide:${id}`, changed: 1 };
}

export async function textSet(context: PowerPoint.RequestContext, operation: TextSet): Promise<Applied> {
  const { slide, id } = await find(context, operation.slide);
  const shape = (await readShapes(context, slide)).find((one) => one.id === operation.shape);
  if (shape === undefined) {
    throw new RefusalError("notFound", `there is no shape \`${operation.shape}\` on slide \`${id}\``);
  }
  if (shape.text === undefined) {
    throw new RefusalError("badInput", `${shape.name} holds no text`);
  }
  slide.shapes.getItem(shape.id).textFrame.textRange.text = operation.text;
  await context.sync();
  return { target: `slide:${id} ${shape.name}`, changed: 1 };
}

export async function shapeDelete(context: PowerPoint.RequestContext, operation: ShapeDelete): Promise<Applied> {
  const { slide, id } = await find(context, operation.slide);
  const shape = (await readShapes(context, slide)).find((one) => one.id === operation.shape);
  if (shape === undefined) {
    throw new RefusalError("notFound", `there is no shape \`${operation.shape}\` on slide \`${id}\``);
  }
  slide.shapes.getItem(shape.id).delete();
  await context.sync();
  return { target: `slide:${id} ${shape.name}`, changed: 1 };
}
