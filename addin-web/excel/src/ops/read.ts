// `range.read` and `range.find`.
import type { Cell, FoundCells, RangeContent, RangeFind, RangeRead } from "@deskhand/shared/generated/protocol.ts";
import { addressName, type Area, cellName, columnsOf, rowsOf, sheetName } from "./address.ts";
import { readFormats } from "./formats.ts";
import { chunks, fingerprint, isFormula, readGrid } from "./grid.ts";
import { find, type Found, usedPart } from "./sheet.ts";

const MAX_CELLS = 100_000;
const MAX_ROWS_UNASKED = 2_000;
const MAX_FOUND = 200;

export async function rangeRead(context: Excel.RequestContext, operation: RangeRead): Promise<RangeContent> {
  const found = await find(context, operation.range);
  const corner = { ...found.area, bottom: found.area.top, right: found.area.left };
  // An area that holds nothing answers its first cell: there is always a grid.
  const all = usedPart(found) ?? corner;
  const rows = Math.max(Math.min(operation.maxRows ?? MAX_ROWS_UNASKED, Math.floor(MAX_CELLS / columnsOf(all))), 1);
  const area: Area = { ...all, bottom: Math.min(all.bottom, all.top + rows - 1) };
  const what = new Set(operation.what ?? ["values"]);
  const grid = await readGrid(found.sheet, area, { texts: what.has("texts"), numberFormats: what.has("numberFormats") });
  const rest = area.bottom < all.bottom ? { ...all, top: area.bottom + 1 } : undefined;
  return {
    address: addressName(found.name, area),
    ...(what.has("values") ? { values: grid.values } : {}),
    ...(what.has("formulas") ? { formulas: grid.formulas } : {}),
    ...(grid.numberFormats === undefined ? {} : { numberFormats: grid.numberFormats }),
    ...(what.has("formats") ? { formats: await readFormats(found.sheet, area) } : {}),
    ...(grid.texts === undefined ? {} : { texts: grid.texts }),
    ...(rest === undefined ? {} : { rest: addressName(found.name, rest) }),
    fingerprint: await fingerprint(area, grid),
  };
}

/** The mark of an area as `range.read` makes it. */
export async function markOf(found: Found): Promise<string> {
  const area = usedPart(found);
  return area === undefined
    ? fingerprint(found.area, { values: [], formulas: [], texts: undefined, numberFormats: undefined })
    : fingerprint(area, await readGrid(found.sheet, area));
}

export async function rangeFind(context: Excel.RequestContext, operation: RangeFind): Promise<FoundCells> {
  const wanted = operation.text.toLowerCase();
  const cells: Cell[] = [];
  for (const found of await places(context, operation.range)) {
    const used = usedPart(found);
    for (const area of used === undefined ? [] : chunks(used)) {
      const grid = await readGrid(found.sheet, area, { texts: true });
      for (let row = 0; row < rowsOf(area); row++) {
        for (let column = 0; column < columnsOf(area); column++) {
          const value = grid.values[row]?.[column] ?? null;
          const formula = grid.formulas[row]?.[column] ?? null;
          const text = grid.texts?.[row]?.[column] ?? "";
          const searched = operation.inFormulas === true ? [formula] : [value, text];
          if (value === null || !searched.some((content) => shown(content).toLowerCase().includes(wanted))) {
            continue;
          }
          if (cells.length === MAX_FOUND) {
            return { cells, more: true };
          }
          cells.push({
            address: `${sheetName(found.name)}!${cellName(area.top + row, area.left + column)}`,
            value,
            ...(isFormula(formula) ? { formula: String(formula) } : {}),
            text,
          });
        }
      }
    }
  }
  return { cells, more: false };
}

/** A truth value reads as Excel shows it. */
function shown(content: string | number | boolean | null): string {
  return typeof content === "boolean" ? String(content).toUpperCase() : String(content ?? "");
}

/** The range to search, or every sheet in the order of the tabs. */
async function places(context: Excel.RequestContext, range: string | undefined): Promise<Found[]> {
  if (range !== undefined) {
    return [await find(context, range)];
  }
  const { worksheets } = context.workbook;
  worksheets.load("items/name");
  await context.sync();
  const found: Found[] = [];
  for (const { name } of worksheets.items) {
    found.push(await find(context, sheetName(name)));
  }
  return found;
}
