// `slide.export` and `slide.replace`: a slide goes out as a package and comes back from one.
import type { SlideContent, SlideExport, SlidePackage, SlideReplace } from "@deskhand/shared/generated/protocol.ts";
import { RefusalError } from "@deskhand/shared/host/document-host.ts";
import { newSlide } from "./change.ts";
import { find, hasApi, LOGICAL_ID, numberOf, slideContent, slides } from "./slides.ts";

/** The size of a slice of `getFileAsync`, which takes at most 4 MB. */
const SLICE_BYTES = 2 * 1024 * 1024;

export async function slideExport(context: PowerPoint.RequestContext, operation: SlideExport): Promise<SlidePackage> {
  const { slide, hostId } = await find(context, operation.slide);
  if (!hasApi("1.8")) {
    return { data: await exportFile(), slideId: numberOf(hostId) };
  }
  const data = slide.exportAsBase64();
  await context.sync();
  // A package of one slide: its number in there is PowerPoint's own, and the only one.
  return { data: data.value, slideId: numberOf(hostId) };
}

export async function slideReplace(context: PowerPoint.RequestContext, operation: SlideReplace): Promise<SlideContent> {
  const before = await slides(context);
  const old = before.find(({ id }) => id === operation.slide);
  const after = operation.after === undefined ? undefined : before.find(({ id }) => id === operation.after);
  if (operation.after !== undefined && after === undefined && old === undefined) {
    throw new RefusalError("notFound", `there is no slide \`${operation.after}\``);
  }
  const target = old ?? after;
  const { data, slideId } = operation.package;
  context.presentation.insertSlidesFromBase64(data, {
    formatting: "KeepSourceFormatting",
    ...(target === undefined ? {} : { targetSlideId: target.hostId }),
    sourceSlideIds: [`${slideId}#`],
  });
  const inserted = await newSlide(context, before);
  inserted.slide.tags.add(LOGICAL_ID, operation.slide);
  old?.slide.delete();
  await context.sync();
  return slideContent(context, await find(context, operation.slide));
}

/** The whole deck as it stands now, base64. */
export async function exportFile(): Promise<string> {
  const file = await new Promise<Office.File>((resolve, reject) => {
    Office.context.document.getFileAsync(Office.FileType.Compressed, { sliceSize: SLICE_BYTES }, (result) => settle(result, resolve, reject));
  });
  try {
    const parts: string[] = [];
    for (let index = 0; index < file.sliceCount; index++) {
      const slice = await new Promise<Office.Slice>((resolve, reject) => {
        file.getSliceAsync(index, (result) => settle(result, resolve, reject));
      });
      parts.push(binary(slice.data as number[] | Uint8Array));
    }
    return btoa(parts.join(""));
  } finally {
    // PowerPoint keeps at most two such copies: a third is refused until one is closed.
    await new Promise<void>((resolve) => file.closeAsync(() => resolve()));
  }
}

function settle<T>(result: Office.AsyncResult<T>, resolve: (value: T) => void, reject: (error: Error) => void): void {
  if (result.status === Office.AsyncResultStatus.Succeeded) {
    resolve(result.value);
  } else {
    reject(new RefusalError("failed", result.error.message));
  }
}

/** Bytes as the text that `btoa` takes, in pieces that a call can carry. */
function binary(bytes: number[] | Uint8Array): string {
  const pieces: string[] = [];
  for (let start = 0; start < bytes.length; start += 0x8000) {
    pieces.push(String.fromCharCode(...bytes.slice(start, start + 0x8000)));
  }
  return pieces.join("");
}
