// Formulas that say the same of different cells, so that a person reads each once.
import type { BeforeAfter } from "../generated/protocol.ts";

/** What a row tells of its formula beside the word. */
export interface Pattern {
  /** The formula, at the last row of the run that shows its pattern first. */
  text?: string;
  /** The cell that showed this pattern before, in a later run. */
  first?: string;
}

/** What to tell at a row; nothing in the middle of a run, and for what is no formula. */
export function patternAt(rows: readonly BeforeAfter[], index: number): Pattern | undefined {
  const keys = rows.map(patternOf);
  const key = keys[index];
  if (key === undefined) {
    return undefined;
  }
  const first = keys.indexOf(key);
  const others = keys.findIndex((each, place) => place > first && each !== key);
  if (others !== -1 && others < index) {
    return { first: rows[first]?.cell ?? "" };
  }
  return keys[index + 1] === key ? undefined : { text: rows[first]?.after ?? "" };
}

const CELL = /^\$?([A-Z]{1,3})\$?(\d{1,7})$/i;
/** Texts, quoted sheets and columns of tables as they are; then what may be a cell. */
const PARTS = /"[^"]*"|'[^']*'|\[[^\]]*\]|(?<![\w.$])(\$?)([A-Z]{1,3})(\$?)(\d{1,7})(?![\w.!([])/gi;
const COLUMNS = 16_384;

/** A formula with its relative references as offsets: `=A2` in B2 and `=A3` in B3 have one pattern. */
function patternOf({ cell, formula, after }: BeforeAfter): string | undefined {
  if (!formula) {
    return undefined;
  }
  const [, letters = "", digits = ""] = CELL.exec(cell) ?? [];
  if (letters === "") {
    return after;
  }
  const [atColumn, atRow] = [columnOf(letters), Number(digits)];
  return after.replace(PARTS, (whole: string, fixedColumn?: string, column?: string, fixedRow?: string, row?: string) => {
    if (column === undefined || row === undefined || columnOf(column) > COLUMNS) {
      return whole;
    }
    const across = fixedColumn === "$" ? `$${column.toUpperCase()}` : `C[${columnOf(column) - atColumn}]`;
    const down = fixedRow === "$" ? `$${row}` : `R[${Number(row) - atRow}]`;
    return `{${across}${down}}`;
  });
}

function columnOf(letters: string): number {
  let column = 0;
  for (const letter of letters.toUpperCase()) {
    column = column * 26 + letter.charCodeAt(0) - 64;
  }
  return column;
}
