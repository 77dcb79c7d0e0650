// `range.write`, `range.clear` and `range.restore`: what is written is read back.
import type {
  Applied,
  Cell,
  CellInput,
  RangeClear,
  RangeRestore,
  RangeWrite,
  ReadBack,
} from "@deskhand/shared/generated/protocol.ts";
import { RefusalError } from "@deskhand/shared/host/document-host.ts";
import { addressName, type Area, areaOf, cellName, cellsOf, columnsOf, MAX_COLUMNS, MAX_ROWS, parseAddress, rowsOf, sheetName } from "./address.ts";
import { setFormats } from "./formats.ts";
import { asText, fingerprint, type Grid, isError, isFormula, readGrid, writeGrid } from "./grid.ts";
import { find, rangeOf, usedPart } from "./sheet.ts";

const MAX_CELLS = 200_000;
const MAX_LISTED = 50;

type Content = string | number | boolean | null;

export async function rangeWrite(context: Excel.RequestContext, operation: RangeWrite): Promise<Applied> {
  const found = await find(context, operation.range);
  const area = writtenArea(operation, found.area);
  const { sheet, name } = found;
  const contents = operation.cells.map((row) => row.map(contentOf));
  await writeGrid(sheet, area, contents);
  let grid = await readGrid(sheet, area, { texts: true });
  if (await keepTexts(sheet, area, operation.cells, grid)) {
    grid = await readGrid(sheet, area, { texts: true });
  }
  const readBack = await readBackOf(name, area, grid, (row, column) => isFormula(operation.cells[row]?.[column]));
  const changed = contents.flat().filter((content) => content !== null).length;
  return { target: addressName(name, area), changed, readBack, ...warningsOf(readBack) };
}

/** The area that a write covers; its range may be the top left cell alone. */
export function writtenArea({ range, cells }: RangeWrite, asked?: Area): Area {
  const area = asked ?? parseAddress(range).area;
  const rows = cells.length;
  const columns = cells[0]?.length ?? 0;
  if (area === undefined || rows === 0 || columns === 0) {
    throw new RefusalError("badInput", "`range` needs cells, and `cells` at least one row with one cell");
  }
  if (cells.some((row) => row.length !== columns)) {
    throw new RefusalError("badInput", "every row of `cells` must have the same length");
  }
  if (rows * columns > MAX_CELLS) {
    throw new RefusalError("tooLarge", `a write takes at most ${MAX_CELLS.toLocaleString("en")} cells`);
  }
  const sized = { ...area, bottom: area.top + rows - 1, right: area.left + columns - 1 };
  if (sized.bottom >= MAX_ROWS || sized.right >= MAX_COLUMNS) {
    throw new RefusalError("badInput", "`cells` reaches beyond the end of the sheet");
  }
  if (cellsOf(area) > 1 && (rowsOf(area) !== rows || columnsOf(area) !== columns)) {
    throw new RefusalError("badInput", `\`cells\` is ${rows} by ${columns}, but \`${range}\` is ${rowsOf(area)} by ${columnsOf(area)}`);
  }
  return sized;
}

/** An input as Excel takes it. */
function contentOf(input: CellInput): Content {
  if (input === null || typeof input === "number" || typeof input === "boolean") {
    return input;
  }
  if (typeof input !== "string") {
    if ("date" in input) {
      throw new RefusalError("unsupported", "dates are written as serial numbers with a format while the workbook is open");
    }
    return "";
  }
  return isFormula(input) ? input : input.startsWith("'") ? input : asText(input);
}

/** Writes texts anew that Excel took for numbers or dates after all; true when there were any. */
async function keepTexts(sheet: Excel.Worksheet, area: Area, cells: CellInput[][], grid: Grid): Promise<boolean> {
  const lost: { at: Area; text: string }[] = [];
  cells.forEach((row, r) => {
    row.forEach((input, c) => {
      const value = grid.values[r]?.[c] ?? null;
      const isText = typeof input === "string" && input !== "" && input !== "'" && !isFormula(input);
      if (isText && (typeof value !== "string" || isFormula(grid.formulas[r]?.[c]))) {
        const at = { top: area.top + r, bottom: area.top + r, left: area.left + c, right: area.left + c };
        lost.push({ at, text: `'${input.replace(/^'/, "")}` });
      }
    });
  });
  for (const { at, text } of lost) {
    rangeOf(sheet, at).values = [[text]];
  }
  if (lost.length > 0) {
    await sheet.context.sync();
  }
  return lost.length > 0;
}

async function readBackOf(
  name: string,
  area: Area,
  grid: Grid,
  wanted: (row: number, column: number) => boolean,
): Promise<ReadBack> {
  const formulas: Cell[] = [];
  const errors: string[] = [];
  let formulaCount = 0;
  grid.formulas.forEach((row, r) => {
    row.forEach((formula, c) => {
      if (!wanted(r, c) || !isFormula(formula)) {
        return;
      }
      const address = `${sheetName(name)}!${cellName(area.top + r, area.left + c)}`;
      const value = grid.values[r]?.[c] ?? null;
      formulaCount++;
      if (isError(value)) {
        errors.push(address);
      }
      if (formulas.length < MAX_LISTED) {
        formulas.push({ address, value, formula: String(formula), text: grid.texts?.[r]?.[c] ?? "" });
      }
    });
  });
  return { formulas, errors, formulaCount, fingerprint: await fingerprint(area, grid) };
}

function warningsOf({ errors, formulas }: ReadBack): { warnings?: string[] } {
  const sentence = (address: string): string => {
    const value = formulas.find((cell) => cell.address === address)?.value;
    return `${address} answers ${typeof value === "string" ? value : "an error"}`;
  };
  return errors.length === 0 ? {} : { warnings: errors.slice(0, 10).map(sentence) };
}

export async function rangeClear(context: Excel.RequestContext, operation: RangeClear): Promise<Applied> {
  const found = await find(context, operation.range);
  const area = usedPart(found);
  const target = addressName(found.name, found.area);
  if (area === undefined) {
    return { target, changed: 0 };
  }
  const grid = await readGrid(found.sheet, area);
  const changed = grid.formulas.flat().filter((content) => content !== null).length;
  rangeOf(found.sheet, area).clear("Contents");
  await context.sync();
  return { target, changed };
}

export async function rangeRestore(context: Excel.RequestContext, { image, except }: RangeRestore): Promise<Applied> {
  const found = await find(context, image.address);
  const { area, name, sheet } = found;
  const kept = (except ?? []).map((address) => areaOf(address.slice(address.lastIndexOf("!") + 1)));
  const skip = (row: number, column: number): boolean =>
    kept.some((part) => part !== undefined && row >= part.top && row <= part.bottom && column >= part.left && column <= part.right);
  const contents = image.formulas ?? image.values;
  let changed = 0;
  if (contents !== undefined) {
    requireSize(area, contents);
    const grid = contents.map((row, r) =>
      row.map((content, c): Content => {
        if (skip(area.top + r, area.left + c)) {
          return null;
        }
        changed++;
        // A text that looks like a formula stands in both grids: it must not come back as one.
        const isText = typeof content === "string" && (!isFormula(content) || image.values?.[r]?.[c] === content);
        return content === null ? "" : isText ? asText(content) : content;
      }),
    );
    await writeGrid(sheet, area, grid);
  }
  if (image.numberFormats !== undefined) {
    requireSize(area, image.numberFormats);
    const wanted = image.numberFormats.map((row) => row.map((numberFormat) => ({ numberFormat })));
    await setFormats(sheet, area, wanted, skip);
  }
  if (image.formats !== undefined) {
    requireSize(area, image.formats);
    await setFormats(sheet, area, image.formats, skip);
  }
  const grid = await readGrid(sheet, area, { texts: true });
  return {
    target: addressName(name, area),
    changed: contents === undefined ? cellsOf(area) : changed,
    readBack: await readBackOf(name, area, grid, () => true),
  };
}

function requireSize(area: Area, grid: unknown[][]): void {
  if (grid.length !== rowsOf(area) || grid.some((row) => row.length !== columnsOf(area))) {
    throw new RefusalError("badInput", "the image is not of the size of its address");
  }
}
