// Sheets, tables and charts: added and deleted.
import type {
  Applied,
  ChartAdd,
  ChartDelete,
  ChartKind,
  SheetAdd,
  SheetContent,
  SheetDelete,
  TableAdd,
  TableDelete,
} from "@deskhand/shared/generated/protocol.ts";
import { RefusalError } from "@deskhand/shared/host/document-host.ts";
import { addressName, cellName, sheetName } from "./address.ts";
import { sheetContent } from "./info.ts";
import { find, rangeOf, usedPart } from "./sheet.ts";

const KINDS = {
  barClustered: "BarClustered",
  barStacked: "BarStacked",
  barStacked100: "BarStacked100",
  columnClustered: "ColumnClustered",
  columnStacked: "ColumnStacked",
  columnStacked100: "ColumnStacked100",
  line: "Line",
  lineMarkers: "LineMarkers",
  lineStacked: "LineStacked",
  area: "Area",
  areaStacked: "AreaStacked",
  pie: "Pie",
  doughnut: "Doughnut",
  scatter: "XYScatter",
  scatterLines: "XYScatterLines",
  bubble: "Bubble",
  radar: "Radar",
} as const satisfies Record<ChartKind, string>;

const SERIES_IN = { auto: "Auto", columns: "Columns", rows: "Rows" } as const;

export async function sheetAdd(context: Excel.RequestContext, { name, after }: SheetAdd): Promise<SheetContent> {
  const { worksheets } = context.workbook;
  if (name.length === 0 || name.length > 31 || /[\\/?*[\]:]/.test(name) || /^'|'$/.test(name)) {
    throw new RefusalError("badInput", "a sheet's name has 1 to 31 characters and none of \\ / ? * [ ] :");
  }
  const taken = worksheets.getItemOrNullObject(name);
  const before = after === undefined ? undefined : worksheets.getItemOrNullObject(after);
  before?.load("position");
  await context.sync();
  if (!taken.isNullObject) {
    throw new RefusalError("nameTaken", `there is a sheet \`${name}\` already`);
  }
  if (before?.isNullObject === true) {
    throw new RefusalError("notFound", `there is no sheet \`${after ?? ""}\``);
  }
  const sheet = worksheets.add(name);
  if (before !== undefined) {
    sheet.position = before.position + 1;
  }
  sheet.load("name,visibility");
  await context.sync();
  return sheetContent(sheet);
}

export async function sheetDelete(context: Excel.RequestContext, { name }: SheetDelete): Promise<Applied> {
  const sheet = context.workbook.worksheets.getItemOrNullObject(name);
  await context.sync();
  if (sheet.isNullObject) {
    throw new RefusalError("notFound", `there is no sheet \`${name}\``);
  }
  sheet.delete();
  await context.sync();
  return { target: sheetName(name), changed: 1 };
}

export async function tableAdd(context: Excel.RequestContext, operation: TableAdd): Promise<Applied> {
  const { sheet, name, area } = await find(context, operation.range);
  const named = context.workbook.tables.getItemOrNullObject(operation.name);
  await context.sync();
  if (!named.isNullObject) {
    throw new RefusalError("nameTaken", `there is a table \`${operation.name}\` already`);
  }
  const table = sheet.tables.add(rangeOf(sheet, area), true);
  table.name = operation.name;
  table.style = operation.style ?? "TableStyleMedium2";
  table.load("name");
  try {
    await context.sync();
  } catch (error) {
    await removeUnnamed(context, sheet, operation);
    throw error;
  }
  return { target: addressName(name, area), changed: 1 };
}

/** A table whose name was refused stands there under Excel's own: it is turned back, so that nothing is changed. */
async function removeUnnamed(context: Excel.RequestContext, sheet: Excel.Worksheet, operation: TableAdd): Promise<void> {
  const { area } = await find(context, operation.range);
  sheet.tables.load("items/name");
  await context.sync();
  const ranges = sheet.tables.items.map((table) => ({ table, range: table.getRange() }));
  ranges.forEach(({ range }) => range.load("rowIndex,columnIndex,rowCount,columnCount"));
  await context.sync();
  const left = ranges.find(
    ({ range }) =>
      range.rowIndex === area.top &&
      range.columnIndex === area.left &&
      range.rowCount === area.bottom - area.top + 1 &&
      range.columnCount === area.right - area.left + 1,
  );
  left?.table.convertToRange();
  await context.sync();
}

export async function tableDelete(context: Excel.RequestContext, { name }: TableDelete): Promise<Applied> {
  const table = context.workbook.tables.getItemOrNullObject(name);
  await context.sync();
  if (table.isNullObject) {
    throw new RefusalError("notFound", `there is no table \`${name}\``);
  }
  const range = table.convertToRange();
  range.load("address");
  await context.sync();
  return { target: range.address, changed: 1 };
}

export async function chartAdd(context: Excel.RequestContext, operation: ChartAdd): Promise<Applied> {
  if (operation.series !== undefined || operation.look !== undefined) {
    throw new RefusalError("unsupported", "series and axes of a chart cannot be set while the workbook is open in Excel");
  }
  const data = await find(context, operation.range);
  const place = operation.place === undefined ? undefined : await find(context, operation.place);
  const { sheet, name } = place ?? data;
  const taken = sheet.charts.getItemOrNullObject(operation.name);
  await context.sync();
  if (!taken.isNullObject) {
    throw new RefusalError("nameTaken", `there is a chart \`${operation.name}\` on ${name} already`);
  }
  const area = usedPart(data);
  if (area === undefined || area.right === area.left || area.bottom === area.top) {
    throw new RefusalError("badInput", "a chart needs a column of categories, a row of names and at least one value");
  }
  const chart = sheet.charts.add(KINDS[operation.kind], rangeOf(data.sheet, area), SERIES_IN[operation.seriesIn ?? "auto"]);
  chart.name = operation.name;
  if (operation.title === undefined) {
    chart.title.visible = false;
  } else {
    chart.title.text = operation.title;
  }
  const beside = { top: area.top, left: area.right + 2, bottom: area.top + 15, right: area.right + 9 };
  const { top, left, bottom, right } = place?.area ?? beside;
  chart.setPosition(cellName(top, left), cellName(bottom, right));
  await context.sync();
  return { target: addressName(name, { top, left, bottom, right }), changed: 1 };
}

export async function chartDelete(context: Excel.RequestContext, operation: ChartDelete): Promise<Applied> {
  const { sheet, name } = await find(context, sheetName(operation.sheet));
  const chart = sheet.charts.getItemOrNullObject(operation.name);
  await context.sync();
  if (chart.isNullObject) {
    throw new RefusalError("notFound", `there is no chart \`${operation.name}\` on ${name}`);
  }
  chart.delete();
  await context.sync();
  return { target: sheetName(name), changed: 1 };
}
