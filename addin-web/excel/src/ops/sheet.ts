// Finding sheets and ranges in the open workbook.
import { RefusalError } from "@deskhand/shared/host/document-host.ts";
import { type Area, intersection, MAX_COLUMNS, MAX_ROWS, parseAddress, rowsOf, columnsOf, areaOf } from "./address.ts";

/** A sheet that is there. */
export interface Found {
  sheet: Excel.Worksheet;
  name: string;
  /** The wanted area; the whole sheet where none was named. */
  area: Area;
  /** The used part of the sheet; absent where it is empty. */
  used: Area | undefined;
}

export const WHOLE: Area = { top: 0, left: 0, bottom: MAX_ROWS - 1, right: MAX_COLUMNS - 1 };

/** The sheet of an address, its exact name and its used part. An address without a sheet is on the active one. */
export async function find(context: Excel.RequestContext, address: string): Promise<Found> {
  const wanted = parseAddress(address);
  const { worksheets } = context.workbook;
  const sheet = wanted.sheet === undefined ? worksheets.getActiveWorksheet() : worksheets.getItemOrNullObject(wanted.sheet);
  const used = sheet.getUsedRangeOrNullObject(true);
  sheet.load("name");
  used.load("address");
  await context.sync();
  if (sheet.isNullObject) {
    throw new RefusalError("notFound", `there is no sheet \`${wanted.sheet ?? ""}\``);
  }
  return { sheet, name: sheet.name, area: wanted.area ?? WHOLE, used: used.isNullObject ? undefined : areaIn(used.address) };
}

/** The area of an address that Office gives. */
export function areaIn(address: string): Area | undefined {
  return areaOf(address.slice(address.lastIndexOf("!") + 1));
}

/** The part of the wanted area that holds anything. */
export function usedPart({ area, used }: Found): Area | undefined {
  return used === undefined ? undefined : intersection(area, used);
}

export function rangeOf(sheet: Excel.Worksheet, area: Area): Excel.Range {
  return sheet.getRangeByIndexes(area.top, area.left, rowsOf(area), columnsOf(area));
}

export function hasApi(version: string): boolean {
  return Office.context.requirements.isSetSupported("ExcelApi", version);
}
