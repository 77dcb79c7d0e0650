// Looks of cells: read cell by cell where the host can, otherwise as far as the range is uniform; and set.
import type { Applied, CellFormat, HorizontalAlignment, RangeFormatting } from "@deskhand/shared/generated/protocol.ts";
import { RefusalError } from "@deskhand/shared/host/document-host.ts";
import { addressName, type Area, cellsOf, columnsOf, rowsOf } from "./address.ts";
import { chunks } from "./grid.ts";
import { find, hasApi, rangeOf, usedPart } from "./sheet.ts";

const MAX_CELLS = 200_000;
/** Cells of one chunk of formats, which take more room than values. */
const CHUNK_CELLS = 4_000;

const ALIGNMENTS: Record<HorizontalAlignment, "General" | "Left" | "Center" | "Right"> = {
  general: "General",
  left: "Left",
  center: "Center",
  right: "Right",
};

/** What is read of each cell. The pattern tells a white fill from none. */
const WANTED: Excel.CellPropertiesLoadOptions = {
  format: {
    fill: { color: true, pattern: true },
    font: { bold: true, italic: true, color: true, size: true },
    horizontalAlignment: true,
    wrapText: true,
  },
};

export async function readFormats(sheet: Excel.Worksheet, area: Area): Promise<CellFormat[][]> {
  if (!hasApi("1.9")) {
    return readUniform(sheet, area);
  }
  const formats: CellFormat[][] = [];
  for (const chunk of chunks(area, CHUNK_CELLS)) {
    const range = rangeOf(sheet, chunk);
    const properties = range.getCellProperties(WANTED);
    range.load("numberFormat");
    await sheet.context.sync();
    properties.value.forEach((row, r) => {
      formats.push(
        row.map((cell, c) => ({
          numberFormat: (range.numberFormat as string[][])[r]?.[c] ?? "General",
          ...look(cell.format ?? {}),
        })),
      );
    });
  }
  return formats;
}

function look(format: Excel.CellPropertiesFormat): CellFormat {
  const { fill, font } = format;
  const alignment = alignmentOf(format.horizontalAlignment);
  return {
    ...(font?.bold === undefined ? {} : { bold: font.bold }),
    ...(font?.italic === undefined ? {} : { italic: font.italic }),
    ...(font?.color === undefined ? {} : { fontColor: font.color }),
    ...(font?.size === undefined ? {} : { fontSize: font.size }),
    fillColor: fill?.color === undefined || (fill.pattern as string | undefined) === "None" ? "" : fill.color,
    ...(alignment === undefined ? {} : { horizontal: alignment }),
    ...(format.wrapText === undefined ? {} : { wrap: format.wrapText }),
  };
}

/** Before ExcelApi 1.9: what all cells have alike, and nothing of what differs. */
async function readUniform(sheet: Excel.Worksheet, area: Area): Promise<CellFormat[][]> {
  const range = rangeOf(sheet, area);
  range.load("numberFormat");
  range.format.load("horizontalAlignment,wrapText");
  range.format.fill.load("color");
  range.format.font.load("bold,italic,color,size");
  await sheet.context.sync();
  const { fill, font } = range.format;
  const alignment = alignmentOf(range.format.horizontalAlignment);
  const uniform: CellFormat = {
    ...(isNull(font.bold) ? {} : { bold: font.bold }),
    ...(isNull(font.italic) ? {} : { italic: font.italic }),
    ...(font.color === "" ? {} : { fontColor: font.color }),
    ...(isNull(font.size) ? {} : { fontSize: font.size }),
    ...(fill.color === "" ? {} : { fillColor: fill.color === "#FFFFFF" ? "" : fill.color }),
    ...(alignment === undefined ? {} : { horizontal: alignment }),
    ...(isNull(range.format.wrapText) ? {} : { wrap: range.format.wrapText }),
  };
  return (range.numberFormat as string[][]).map((row) => row.map((numberFormat) => ({ numberFormat, ...uniform })));
}

/** Office answers null for what differs, though its types do not say so. */
function isNull(value: unknown): boolean {
  return value === null || value === undefined;
}

function alignmentOf(name: string | null | undefined): HorizontalAlignment | undefined {
  return (Object.keys(ALIGNMENTS) as HorizontalAlignment[]).find((ours) => ALIGNMENTS[ours] === name);
}

export async function rangeFormat(context: Excel.RequestContext, operation: RangeFormatting): Promise<Applied> {
  const found = await find(context, operation.range);
  const area = cellsOf(found.area) > MAX_CELLS ? (usedPart(found) ?? { ...found.area, bottom: found.area.top, right: found.area.left }) : found.area;
  if (cellsOf(area) > MAX_CELLS) {
    throw new RefusalError("tooLarge", `a format takes at most ${MAX_CELLS.toLocaleString("en")} cells`);
  }
  const range = rangeOf(found.sheet, area);
  setFormat(range, operation.format);
  if (operation.fitColumns === true) {
    range.format.autofitColumns();
  }
  await context.sync();
  return { target: addressName(found.name, area), changed: cellsOf(area) };
}

/** Queues the set fields of a format on a range. */
export function setFormat(range: Excel.Range, wanted: CellFormat): void {
  const { format } = range;
  if (wanted.numberFormat !== undefined) {
    // One value for all cells, which the types do not offer.
    (range as { numberFormat: unknown }).numberFormat = wanted.numberFormat;
  }
  if (wanted.bold !== undefined) {
    format.font.bold = wanted.bold;
  }
  if (wanted.italic !== undefined) {
    format.font.italic = wanted.italic;
  }
  if (wanted.fontColor !== undefined) {
    format.font.color = wanted.fontColor;
  }
  if (wanted.fontSize !== undefined) {
    format.font.size = wanted.fontSize;
  }
  if (wanted.fillColor === "") {
    format.fill.clear();
  } else if (wanted.fillColor !== undefined) {
    format.fill.color = wanted.fillColor;
  }
  if (wanted.horizontal !== undefined) {
    format.horizontalAlignment = ALIGNMENTS[wanted.horizontal];
  }
  if (wanted.wrap !== undefined) {
    format.wrapText = wanted.wrap;
  }
}

/** Sets a grid of formats; neighbours in a row that are alike go in one piece. */
export async function setFormats(
  sheet: Excel.Worksheet,
  area: Area,
  formats: CellFormat[][],
  skip: (row: number, column: number) => boolean,
): Promise<void> {
  let queued = 0;
  for (let row = 0; row < rowsOf(area); row++) {
    let column = 0;
    while (column < columnsOf(area)) {
      const format = formats[row]?.[column] ?? {};
      const key = JSON.stringify(format);
      let end = column;
      const same = (at: number): boolean =>
        at < columnsOf(area) && !skip(area.top + row, area.left + at) && JSON.stringify(formats[row]?.[at] ?? {}) === key;
      if (skip(area.top + row, area.left + column)) {
        column++;
        continue;
      }
      while (same(end + 1)) {
        end++;
      }
      setFormat(rangeOf(sheet, { top: area.top + row, bottom: area.top + row, left: area.left + column, right: area.left + end }), format);
      column = end + 1;
      queued++;
      if (queued % 500 === 0) {
        await sheet.context.sync();
      }
    }
  }
  await sheet.context.sync();
}
