// A1 addresses with a sheet, zero-based. Touches no Office.
import { RefusalError } from "@deskhand/shared/host/document-host.ts";

export const MAX_ROWS = 1_048_576;
export const MAX_COLUMNS = 16_384;

/** A rectangle of cells, zero-based, both ends inside. */
export interface Area {
  top: number;
  left: number;
  bottom: number;
  right: number;
}

export interface Address {
  sheet: string | undefined;
  area: Area | undefined;
}

export const rowsOf = (area: Area): number => area.bottom - area.top + 1;
export const columnsOf = (area: Area): number => area.right - area.left + 1;
export const cellsOf = (area: Area): number => rowsOf(area) * columnsOf(area);

export function intersection(one: Area, other: Area): Area | undefined {
  const area = {
    top: Math.max(one.top, other.top),
    left: Math.max(one.left, other.left),
    bottom: Math.min(one.bottom, other.bottom),
    right: Math.min(one.right, other.right),
  };
  return area.top <= area.bottom && area.left <= area.right ? area : undefined;
}

export function letters(column: number): string {
  return (column >= 26 ? letters(Math.floor(column / 26) - 1) : "") + String.fromCharCode(65 + (column % 26));
}

export function cellName(row: number, column: number): string {
  return `${letters(column)}${row + 1}`;
}

export function areaName({ top, left, bottom, right }: Area): string {
  if (top === 0 && bottom === MAX_ROWS - 1) {
    return `${letters(left)}:${letters(right)}`;
  }
  if (left === 0 && right === MAX_COLUMNS - 1) {
    return `${top + 1}:${bottom + 1}`;
  }
  const from = cellName(top, left);
  return top === bottom && left === right ? from : `${from}:${cellName(bottom, right)}`;
}

/** A sheet's name as it stands in an address. */
export function sheetName(name: string): string {
  const plain = /^[\p{L}_][\p{L}\p{N}_.]*$/u.test(name) && areaOf(name) === undefined && !/^[A-Za-z]{1,3}\d+$/.test(name);
  return plain ? name : `'${name.replaceAll("'", "''")}'`;
}

export function addressName(sheet: string, area: Area): string {
  return `${sheetName(sheet)}!${areaName(area)}`;
}

function columnOf(text: string): number {
  return Array.from(text.toUpperCase()).reduce((index, letter) => index * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

/** Parses `B2`, `$B$2:D9`, `A:C` or `3:5`. */
export function areaOf(text: string): Area | undefined {
  const match = /^\$?([A-Za-z]{1,3})?\$?(\d{1,7})?(?::\$?([A-Za-z]{1,3})?\$?(\d{1,7})?)?$/.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, c1, r1] = match;
  const single = !text.includes(":");
  const [c2, r2] = single ? [c1, r1] : [match[3], match[4]];
  if ((single && (c1 === undefined || r1 === undefined)) || (c1 === undefined) !== (c2 === undefined)) {
    return undefined;
  }
  if ((r1 === undefined) !== (r2 === undefined) || (c1 === undefined && r1 === undefined)) {
    return undefined;
  }
  const columns = c1 === undefined || c2 === undefined ? [0, MAX_COLUMNS - 1] : [columnOf(c1), columnOf(c2)];
  const rows = r1 === undefined || r2 === undefined ? [0, MAX_ROWS - 1] : [Number(r1) - 1, Number(r2) - 1];
  const area = {
    top: Math.min(...rows),
    left: Math.min(...columns),
    bottom: Math.max(...rows),
    right: Math.max(...columns),
  };
  return area.top >= 0 && area.bottom < MAX_ROWS && area.right < MAX_COLUMNS ? area : undefined;
}

/** Parses `Data!B2:D9`, `'Q1 2026'!B2`, `B2`, or a sheet's name alone. */
export function parseAddress(text: string): Address {
  const trimmed = text.trim();
  const quoted = /^'((?:[^']|'')+)'(?:!(.+))?$/.exec(trimmed);
  const plain = /^([^'!]+)!([^!]+)$/.exec(trimmed);
  const sheet = quoted?.[1]?.replaceAll("''", "'") ?? plain?.[1];
  const cells = quoted === null ? plain?.[2] : quoted[2];
  if (sheet !== undefined) {
    const area = cells === undefined ? undefined : areaOf(cells);
    if (cells !== undefined && area === undefined) {
      throw new RefusalError("badInput", `\`${text}\` is not an address such as \`Data!B2:D9\``);
    }
    return { sheet, area };
  }
  const area = areaOf(trimmed);
  if (area !== undefined) {
    return { sheet: undefined, area };
  }
  if (trimmed === "" || trimmed.includes("!")) {
    throw new RefusalError("badInput", `\`${text}\` is not an address such as \`Data!B2:D9\``);
  }
  return { sheet: trimmed, area: undefined };
}
