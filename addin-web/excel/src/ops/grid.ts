// Grids of cells: read and written in chunks below the 5 MB that Office takes, and their fingerprint.
import type { CellValue } from "@deskhand/shared/generated/protocol.ts";
import { sha256 } from "@deskhand/shared/host/document-host.ts";
import { isTooLarge } from "@deskhand/shared/host/office-errors.ts";
import { type Area, columnsOf, rowsOf } from "./address.ts";
import { rangeOf } from "./sheet.ts";

/** Cells of one chunk. A cell takes about 60 bytes a facet, more with long texts: a chunk that is too large is halved. */
const CHUNK_CELLS = 15_000;

export interface Grid {
  values: CellValue[][];
  /** Formulas with `=`, otherwise the value. */
  formulas: CellValue[][];
  texts: string[][] | undefined;
  numberFormats: string[][] | undefined;
}

export interface Facets {
  texts?: boolean;
  numberFormats?: boolean;
}

/** The area in pieces of whole rows. */
export function* chunks(area: Area, cells = CHUNK_CELLS): Generator<Area> {
  const step = Math.max(Math.floor(cells / columnsOf(area)), 1);
  for (let top = area.top; top <= area.bottom; top += step) {
    yield { ...area, top, bottom: Math.min(top + step - 1, area.bottom) };
  }
}

export async function readGrid(sheet: Excel.Worksheet, area: Area, facets: Facets = {}): Promise<Grid> {
  const grid: Grid = {
    values: [],
    formulas: [],
    texts: facets.texts === true ? [] : undefined,
    numberFormats: facets.numberFormats === true ? [] : undefined,
  };
  for (const chunk of chunks(area)) {
    await readChunk(sheet, chunk, grid);
  }
  return grid;
}

async function readChunk(sheet: Excel.Worksheet, area: Area, into: Grid): Promise<void> {
  const range = rangeOf(sheet, area);
  const names = ["values", "formulas"];
  if (into.texts !== undefined) {
    names.push("text");
  }
  if (into.numberFormats !== undefined) {
    names.push("numberFormat");
  }
  range.load(names.join(","));
  try {
    await sheet.context.sync();
  } catch (error) {
    if (!isTooLarge(error) || rowsOf(area) === 1) {
      throw error;
    }
    const middle = area.top + Math.floor(rowsOf(area) / 2);
    await readChunk(sheet, { ...area, bottom: middle - 1 }, into);
    await readChunk(sheet, { ...area, top: middle }, into);
    return;
  }
  const values = range.values as (string | number | boolean)[][];
  const formulas = range.formulas as (string | number | boolean)[][];
  formulas.forEach((row, r) => {
    const valueRow: CellValue[] = [];
    const formulaRow: CellValue[] = [];
    row.forEach((formula, c) => {
      const value = values[r]?.[c] ?? "";
      const empty = value === "" && formula === "";
      valueRow.push(empty ? null : value);
      // A text that begins with `=` is the same as its formula; a formula answers something else.
      formulaRow.push(empty ? null : isFormula(formula) ? formula : value);
    });
    into.values.push(valueRow);
    into.formulas.push(formulaRow);
  });
  into.texts?.push(...range.text);
  into.numberFormats?.push(...(range.numberFormat as string[][]));
}

export function isFormula(content: unknown): boolean {
  return typeof content === "string" && content.length > 1 && content.startsWith("=");
}

export function isError(value: CellValue): boolean {
  return typeof value === "string" && /^#(?:[A-Z0-9_/]+[!?]?|N\/A)$/.test(value);
}

/** The mark of an area: its cells that hold anything, by place. Empty rows around them make no difference. */
export function fingerprint(area: Area, { values, formulas }: Grid): Promise<string> {
  const lines: string[] = [];
  formulas.forEach((row, r) => {
    row.forEach((formula, c) => {
      if (formula !== null) {
        lines.push(JSON.stringify([area.top + r, area.left + c, formula, values[r]?.[c] ?? null]));
      }
    });
  });
  return sha256(lines.join("\n"));
}

/** Writes a grid as formulas: `null` leaves a cell, the empty string empties it. */
export async function writeGrid(sheet: Excel.Worksheet, area: Area, grid: (string | number | boolean | null)[][]): Promise<void> {
  for (const chunk of chunks(area)) {
    const rows = grid.slice(chunk.top - area.top, chunk.bottom - area.top + 1);
    await writeChunk(sheet, chunk, rows);
  }
}

async function writeChunk(sheet: Excel.Worksheet, area: Area, rows: (string | number | boolean | null)[][]): Promise<void> {
  try {
    rangeOf(sheet, area).formulas = rows;
    await sheet.context.sync();
  } catch (error) {
    if (!isTooLarge(error) || rows.length === 1) {
      throw error;
    }
    const middle = Math.floor(rows.length / 2);
    await writeChunk(sheet, { ...area, bottom: area.top + middle - 1 }, rows.slice(0, middle));
    await writeChunk(sheet, { ...area, top: area.top + middle }, rows.slice(middle));
  }
}

/** The content of a cell as Excel takes a text: kept from turning into a number, a date or a formula. */
export function asText(text: string): string {
  return text === "" || isPlain(text) ? text : `'${text}`;
}

/** True for a text that Excel surely leaves a text. */
function isPlain(text: string): boolean {
  if (/^(?:true|false)$/i.test(text.trim()) || /^['=+@-]/.test(text) || isError(text)) {
    return false;
  }
  // Numbers, dates, times, fractions, percentages and currencies hold a digit; month names lead some dates.
  return !/\d/.test(text) || (/^\p{L}/u.test(text) && !/^(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/i.test(text));
}
