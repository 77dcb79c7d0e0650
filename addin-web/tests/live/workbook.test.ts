// Every workbook operation through the real office.js; what counts is the saved file as openpyxl reads it.
import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Applied, FoundCells, LiveDocument, RangeContent, SheetContent, WorkbookContent } from "@deskhand/shared/generated/protocol.ts";
import { python, PYTHON } from "../support/python.ts";
import { type Scene, Stage } from "./stage.ts";

const SALES = `
import openpyxl
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
book = openpyxl.Workbook()
sheet = book.active
sheet.title = "Revenue"
for row in [["Month", "Region", "Revenue"], ["Jan", "North", 100], ["Jan", "South", 250], ["Feb", "North", 300.5], ["Feb", "South", 49.5]]:
    sheet.append(row)
sheet["A1"].font = Font(bold=True, color="FF0000")
sheet["A1"].fill = PatternFill("solid", fgColor="FFEE00")
for cell in sheet["C"][1:]:
    cell.number_format = "#,##0.00"
rates = book.create_sheet("Q1 rates")
rates["A1"] = "EUR"
rates["B1"] = 0.5
rates["B2"] = "=B1*2"
hidden = book.create_sheet("Hidden")
hidden.sheet_state = "hidden"
book.defined_names["EuroRate"] = DefinedName("EuroRate", attr_text="'Q1 rates'!$B$1")
book.save(path)
`;

let stage: Stage;
let scene: Scene;

beforeAll(async () => {
  stage = await Stage.set();
});
afterAll(() => stage.strike());
beforeEach(async () => {
  const path = join(mkdtempSync(join(stage.folder, "book-")), "Sales.xlsx");
  execFileSync(PYTHON, ["-c", `import sys\npath = sys.argv[1]\n${SALES}`, path]);
  scene = await stage.open(path);
});
afterEach(() => scene.end());

/** Saves in the host, and answers what a script prints of the saved workbook. */
async function saved<T>(script: string): Promise<T> {
  await scene.host.save();
  return python<T>(`import openpyxl\nbook = openpyxl.load_workbook(path)\n${script}`, scene.document);
}

test("workbook.info lists sheets, tables, charts and names", async () => {
  await scene.perform({ op: "table.add", range: "Revenue!A1:C5", name: "Sales" });
  await scene.perform({ op: "chart.add", range: "Revenue!B1:C5", kind: "line", name: "Trend" });
  const info = await scene.perform<WorkbookContent>({ op: "workbook.info" });
  expect(info.sheets).toEqual([
    {
      name: "Revenue",
      visible: true,
      usedRange: "A1:C5",
      tables: [{ name: "Sales", range: "A1:C5", columns: ["Month", "Region", "Revenue"] }],
      charts: ["Trend"],
      pivots: [],
    },
    { name: "Q1 rates", visible: true, usedRange: "A1:B2", tables: [], charts: [], pivots: [] },
    { name: "Hidden", visible: false, tables: [], charts: [], pivots: [] },
  ]);
  expect(info.names).toEqual([{ name: "EuroRate", refersTo: "'Q1 rates'!$B$1" }]);
  expect(info.selection).toBe("Revenue!A1");
});

test("range.read answers each facet, and names the rest", async () => {
  const what = ["values", "formulas", "texts", "numberFormats", "formats"] as const;
  const read = await scene.perform<RangeContent>({ op: "range.read", range: "Revenue", what: [...what], maxRows: 2 });
  expect(read.address).toBe("Revenue!A1:C2");
  expect(read.rest).toBe("Revenue!A3:C5");
  expect(read.values).toEqual([["Month", "Region", "Revenue"], ["Jan", "North", 100]]);
  expect(read.texts?.[1]).toEqual(["Jan", "North", "100.00"]);
  expect(read.numberFormats?.[1]).toEqual(["General", "General", "#,##0.00"]);
  expect(read.formats?.[0]?.[0]).toMatchObject({ bold: true, fontColor: "#FF0000", fillColor: "#FFEE00" });
  expect(read.formats?.[0]?.[1]).toMatchObject({ bold: false, fillColor: "" });
  const rates = await scene.perform<RangeContent>({ op: "range.read", range: "'Q1 rates'!A1:D9", what: ["values", "formulas"] });
  expect(rates.address).toBe("'Q1 rates'!A1:B2");
  expect(rates.values).toEqual([["EUR", 0.5], [null, 1]]);
  expect(rates.formulas).toEqual([["EUR", 0.5], [null, "=B1*2"]]);
});

test("range.find finds in values, texts and formulas", async () => {
  const values = await scene.perform<FoundCells>({ op: "range.find", text: "SOUTH" });
  expect(values.cells.map(({ address }) => address)).toEqual(["Revenue!B3", "Revenue!B5"]);
  const formulas = await scene.perform<FoundCells>({ op: "range.find", text: "b1*", inFormulas: true });
  expect(formulas.cells).toEqual([{ address: "'Q1 rates'!B2", value: 1, formula: "=B1*2", text: "1" }]);
  const texts = await scene.perform<FoundCells>({ op: "range.find", text: "300.50", range: "Revenue!C:C" });
  expect(texts.cells.map(({ address }) => address)).toEqual(["Revenue!C4"]);
});

test("range.write writes values and formulas, and reads back what they answer", async () => {
  const cells = [
    ["Total", "=SUM(C2:C5)"],
    ["In euro", "=B8*EuroRate"],
    ["Broken", "=1/0"],
  ];
  const done = await scene.perform<Applied>({ op: "range.write", range: "Revenue!A8", cells });
  expect(done.target).toBe("Revenue!A8:B10");
  expect(done.changed).toBe(6);
  expect(done.readBack?.formulas.map(({ address, value }) => [address, value])).toEqual([
    ["Revenue!B8", 700],
    ["Revenue!B9", 350],
    ["Revenue!B10", "#DIV/0!"],
  ]);
  expect(done.readBack?.errors).toEqual(["Revenue!B10"]);
  expect(done.warnings).toEqual(["Revenue!B10 answers #DIV/0!"]);
  const cell = await saved<unknown[]>(
    'sheet = book["Revenue"]\nprint(json.dumps([[c.value for c in row] for row in sheet["A8:B10"]] + [sheet["C2"].number_format]))',
  );
  expect(cell).toEqual([["Total", "=SUM(C2:C5)"], ["In euro", "=B8*EuroRate"], ["Broken", "=1/0"], "#,##0.00"]);
  const cached = python(
    'import openpyxl\nbook = openpyxl.load_workbook(path, data_only=True)\nprint(json.dumps([book["Revenue"]["B8"].value, book["Revenue"]["B9"].value]))',
    scene.document,
  );
  expect(cached).toEqual([700, 350]);
});

test("texts that look like numbers, dates and formulas stay texts", async () => {
  const texts = ["007", "2026-01-05", "3/4", "TRUE", "1,5", "50%", "March 5", "Mar-20", "Region 1", "12 Monkeys", "'quoted", "-", "@x", "1e5"];
  await scene.perform({ op: "range.write", range: "Revenue!E1", cells: texts.map((text) => [text]) });
  const read = await scene.perform<RangeContent>({ op: "range.read", range: `Revenue!E1:E${texts.length}` });
  const wanted = texts.map((text) => text.replace(/^'/, ""));
  expect(read.values?.map(([value]) => value)).toEqual(wanted);
  const cells = await saved<unknown[]>(`print(json.dumps([[c.value, c.data_type] for c in book["Revenue"]["E"][:${texts.length}]]))`);
  expect(cells).toEqual(wanted.map((text) => [text, "s"]));
});

test("null leaves a cell, clear empties it, and numbers and truth values keep their kind", async () => {
  await scene.perform({ op: "range.write", range: "Revenue!A2:C2", cells: [[null, { clear: true }, 7.25]] });
  await scene.perform({ op: "range.write", range: "Revenue!E2", cells: [[true]] });
  expect(await saved('print(json.dumps([c.value for c in book["Revenue"][2]]))')).toEqual(["Jan", null, 7.25, null, true]);
});

test("a formula that Excel cannot read is refused and nothing is written", async () => {
  const refusal = await scene.refusal({ op: "range.write", range: "Revenue!E1", cells: [["kept out"], ["=SUM("]] });
  expect(refusal.code).toBe("badInput");
  expect(await saved('print(json.dumps(book["Revenue"]["E1"].value))')).toBeNull();
});

test("a write against a changed range is refused as changed", async () => {
  const { fingerprint } = await scene.perform<RangeContent>({ op: "range.read", range: "Revenue!A2:C3", what: ["formulas"] });
  await scene.host.type("Revenue!C3", 999);
  const write = { op: "range.write", range: "Revenue!A2:C3", cells: [["a", "b", 1], ["c", "d", 2]] } as const;
  expect((await scene.refusal(structuredClone(write) as never, fingerprint)).code).toBe("changed");
  const now = await scene.perform<RangeContent>({ op: "range.read", range: "Revenue!A2:C3", what: ["formulas"] });
  await scene.perform(structuredClone(write) as never, now.fingerprint);
  expect(await saved('print(json.dumps([[c.value for c in row] for row in book["Revenue"]["A2:C3"]]))')).toEqual(write.cells);
});

test("range.format sets what is given and leaves the rest", async () => {
  await scene.perform({
    op: "range.format",
    range: "Revenue!A1:C1",
    format: { bold: true, italic: true, fontColor: "#112233", fontSize: 14, fillColor: "#AABBCC", horizontal: "center", wrap: true },
    fitColumns: true,
  });
  await scene.perform({ op: "range.format", range: "Revenue!C2:C5", format: { numberFormat: "0.0%" } });
  await scene.perform({ op: "range.format", range: "Revenue!B1", format: { fillColor: "" } });
  const look = await saved<unknown[]>(`
def look(c):
    return [c.font.b, c.font.i, c.font.color.rgb, c.font.sz, c.fill.fill_type, c.fill.fgColor.rgb, c.alignment.horizontal, c.alignment.wrap_text]
sheet = book["Revenue"]
print(json.dumps([look(sheet["A1"]), sheet["B1"].fill.fill_type, sheet["B1"].font.b, [c.number_format for c in sheet["C"]], sheet["A2"].font.b]))`);
  expect(look).toEqual([
    [true, true, "FF112233", 14, "solid", "FFAABBCC", "center", true],
    null,
    true,
    ["General", "0.0%", "0.0%", "0.0%", "0.0%"],
    false,
  ]);
});

test("range.clear empties and keeps formats; range.restore puts everything back", async () => {
  const image = await scene.perform<RangeContent>({
    op: "range.read",
    range: "Revenue!A1:C5",
    what: ["formulas", "numberFormats", "formats"],
  });
  await scene.perform({ op: "range.format", range: "Revenue!A1:C5", format: { fillColor: "#000000", numberFormat: "0", bold: true } });
  const cleared = await scene.perform<Applied>({ op: "range.clear", range: "Revenue!A1:C5" });
  expect(cleared.changed).toBe(15);
  expect(await saved('print(json.dumps([book["Revenue"]["A1"].value, book["Revenue"]["A1"].fill.fgColor.rgb]))')).toEqual([null, "FF000000"]);
  await scene.host.type("Revenue!B2", "mine");
  const restored = await scene.perform<Applied>({ op: "range.restore", image, except: ["Revenue!B2"] });
  expect(restored.changed).toBe(14);
  const cells = await saved<unknown[]>(`
sheet = book["Revenue"]
print(json.dumps([[c.value for c in sheet[1]], [c.value for c in sheet[2]], sheet["A1"].fill.fgColor.rgb, sheet["C2"].fill.fill_type, sheet["C2"].number_format, sheet["C2"].font.b, sheet["B2"].font.b]))`);
  expect(cells).toEqual([["Month", "Region", "Revenue"], ["Jan", "mine", 100], "FFFFEE00", null, "#,##0.00", false, true]);
});

test("sheet.add puts a sheet behind another, and refuses names that are taken or not valid", async () => {
  const added = await scene.perform<SheetContent>({ op: "sheet.add", name: "Summary", after: "Revenue" });
  expect(added).toMatchObject({ name: "Summary", visible: true });
  expect((await scene.refusal({ op: "sheet.add", name: "summary" })).code).toBe("nameTaken");
  expect((await scene.refusal({ op: "sheet.add", name: "a/b" })).code).toBe("badInput");
  expect((await scene.refusal({ op: "sheet.add", name: "x", after: "nowhere" })).code).toBe("notFound");
  await scene.perform({ op: "range.write", range: "Summary!B2", cells: [["=Revenue!C2*2"]] });
  expect(await saved('print(json.dumps([book.sheetnames, book["Summary"]["B2"].value]))')).toEqual([
    ["Revenue", "Summary", "Q1 rates", "Hidden"],
    "=Revenue!C2*2",
  ]);
});

test("sheet.delete takes a sheet out", async () => {
  await scene.perform({ op: "sheet.delete", name: "Hidden" });
  expect((await scene.refusal({ op: "sheet.delete", name: "Hidden" })).code).toBe("notFound");
  expect(await saved("print(json.dumps(book.sheetnames))")).toEqual(["Revenue", "Q1 rates"]);
});

test("table.add makes a table, and table.delete turns it back", async () => {
  await scene.perform({ op: "table.add", range: "Revenue!A1:C5", name: "Sales", style: "TableStyleLight9" });
  expect((await scene.refusal({ op: "table.add", range: "'Q1 rates'!A1:B2", name: "sales" })).code).toBe("nameTaken");
  await scene.perform({ op: "range.write", range: "Revenue!E1", cells: [["=SUM(Sales[Revenue])"]] });
  const table = await saved('t = book["Revenue"].tables["Sales"]\nprint(json.dumps([t.ref, t.tableStyleInfo.name, [c.name for c in t.tableColumns]]))');
  expect(table).toEqual(["A1:C5", "TableStyleLight9", ["Month", "Region", "Revenue"]]);
  await scene.perform({ op: "range.clear", range: "Revenue!E1" });
  await scene.perform({ op: "table.delete", name: "Sales" });
  expect(await saved('print(json.dumps([len(book["Revenue"].tables), book["Revenue"]["A1"].value]))')).toEqual([0, "Month"]);
});

test.each(["barClustered", "columnClustered", "columnStacked", "line", "area", "pie", "doughnut"] as const)(
  "chart.add draws a %s chart of its range",
  async (kind) => {
    await scene.perform({ op: "chart.add", range: "Revenue!B1:C5", kind, name: "Drawn", title: "Revenue", place: "'Q1 rates'!D2:J15" });
    const chart = await saved<unknown[]>(`
c = book["Q1 rates"]._charts[0]
s = c.series[0]
a = c.anchor
print(json.dumps([type(c).__name__, getattr(c, "barDir", None), getattr(c, "grouping", None), s.val.numRef.f, s.cat.strRef.f, c.title.tx.rich.p[0].r[0].t, a._from.col, a._from.row, a.to.col, a.to.row]))`);
    const [type, direction, grouping, ...rest] = chart;
    const types = { barClustered: "BarChart", columnClustered: "BarChart", columnStacked: "BarChart", line: "LineChart", area: "AreaChart", pie: "PieChart", doughnut: "DoughnutChart" };
    expect(type).toBe(types[kind]);
    expect(direction).toBe(type === "BarChart" ? (kind === "barClustered" ? "bar" : "col") : null);
    expect(grouping).toBe(kind === "columnStacked" ? "stacked" : type === "BarChart" ? "clustered" : type === "LineChart" || type === "AreaChart" ? "standard" : null);
    expect(rest.slice(0, 5)).toEqual(["Revenue!$C$2:$C$5", "Revenue!$B$2:$B$5", "Revenue", 3, 1]);
    // The end of an anchor is the far edge of the last cell.
    expect(rest.slice(5)).toEqual([10, 15]);
  },
);

test("chart.delete takes a chart out", async () => {
  await scene.perform({ op: "chart.add", range: "Revenue!B1:C5", kind: "pie", name: "Gone" });
  expect((await scene.refusal({ op: "chart.add", range: "Revenue!B1:C5", kind: "pie", name: "Gone" })).code).toBe("nameTaken");
  await scene.host.save();
  await scene.perform({ op: "chart.delete", sheet: "Revenue", name: "Gone" });
  expect((await scene.refusal({ op: "chart.delete", sheet: "Revenue", name: "Gone" })).code).toBe("notFound");
  expect(await saved('print(json.dumps(len(book["Revenue"]._charts)))')).toBe(0);
});

test("what is not there is refused as not found, and a deck's operation as bad input", async () => {
  expect((await scene.refusal({ op: "range.read", range: "Nowhere!A1" })).code).toBe("notFound");
  expect((await scene.refusal({ op: "range.read", range: "Revenue!A1:XFE2" })).code).toBe("badInput");
  expect((await scene.refusal({ op: "table.delete", name: "Nothing" })).code).toBe("notFound");
  expect((await scene.refusal({ op: "deck.info" })).code).toBe("badInput");
  expect((await scene.refusal({ op: "range.write", range: "Revenue!A1:B2", cells: [["one"]] })).code).toBe("badInput");
});

test("large ranges go in chunks, and chunks above the limit of Excel in halves", async () => {
  // 16,000 cells of 400 letters: more than the 5 MB that one request or answer may take.
  const text = (row: number, column: number): string => `cell ${column} of row ${row} ${"with a long text ".repeat(23)}`;
  const cells = Array.from({ length: 2_000 }, (_, row) => Array.from({ length: 8 }, (_unused, column) => text(row, column)));
  await scene.perform({ op: "range.write", range: "'Q1 rates'!D1", cells });
  const read = await scene.perform<RangeContent>({ op: "range.read", range: "'Q1 rates'!D1:K2000" });
  expect(read.values).toEqual(cells);
  expect(await saved('print(json.dumps([book["Q1 rates"]["K2000"].value, book["Q1 rates"].max_row]))')).toEqual([text(1_999, 7), 2_000]);
});

test("an operation while a cell is being edited is refused as busy, and whenIdle waits for the end", async () => {
  await scene.host.editMode(true);
  expect((await scene.refusal({ op: "workbook.info" })).code).toBe("busy");
  const idle = scene.pane.evaluate(() => window.documentHost?.whenIdle(AbortSignal.timeout(20_000)).then(() => "idle"));
  await scene.host.editMode(false);
  expect(await idle).toBe("idle");
  await scene.perform({ op: "workbook.info" });
});

test("changes by a person and the selection are told, own writes are not", async () => {
  await scene.perform({ op: "range.write", range: "Revenue!A9", cells: [["own"]] });
  await scene.host.type("'Q1 rates'!B1", 0.75);
  await scene.pane.waitForFunction(() => window.changes.length > 0);
  expect(await scene.pane.evaluate(() => window.changes)).toEqual([["'Q1 rates'!B1"]]);
  await scene.pane.evaluate(() => window.documentHost?.select("'Q1 rates'!A1:B2"));
  await scene.pane.waitForFunction(() => window.selections.includes("'Q1 rates'!A1:B2"));
  expect((await scene.perform<WorkbookContent>({ op: "workbook.info" })).selection).toBe("'Q1 rates'!A1:B2");
  expect(await scene.page.locator(".tab.on").textContent()).toBe("Q1 rates");
});

test("a pane that is loaded anew between write and answer finds the write done once", async () => {
  await scene.host.reloadPaneBeforeAnswer();
  // The frame goes while the operation runs, so its answer never comes.
  void scene.pane.evaluate(() => window.documentHost?.perform({ op: "range.write", range: "Revenue!E1", cells: [["once"]] })).catch(() => undefined);
  await scene.page.waitForFunction(() => document.querySelector("#pane iframe") !== null);
  await scene.renew();
  const read = await scene.perform<RangeContent>({ op: "range.read", range: "Revenue!E1" });
  expect(read.values).toEqual([["once"]]);
  const { batches } = await scene.host.log();
  expect(batches.filter(({ request }) => request.includes('"once"'))).toHaveLength(1);
});

test("describe names title, path, requirement sets and content", async () => {
  const described = await scene.pane.evaluate(() => window.documentHost?.describe());
  expect(described).toMatchObject({ kind: "workbook", title: "Sales.xlsx", path: scene.document, summary: "3 sheets, 7 rows" });
  expect(described?.sets).toContain("ExcelApi 1.15");
  expect(described?.sets).not.toContain("ExcelApi 1.16");
});

test("the id of the document is embedded in the file, and told when it is opened again", async () => {
  const id = "018f0000-0000-7000-8000-00000000abcd";
  const describe = (): Promise<LiveDocument | undefined> => scene.pane.evaluate(() => window.documentHost?.describe());
  expect(await describe()).not.toHaveProperty("embeddedId");
  expect((await scene.host.state()).dirty).toBe(false);
  await scene.pane.evaluate((given) => window.documentHost?.embed(given), id);
  expect(await describe()).toMatchObject({ embeddedId: id });
  expect(await saved(`looked = book.sheetnames
from zipfile import ZipFile
from xml.etree import ElementTree
bag = ElementTree.fromstring(ZipFile(path).read("xl/webextensions/webextension1.xml"))
print(json.dumps([looked, [[p.get("name"), json.loads(p.get("value"))] for p in bag.iter() if p.tag.endswith("}property")]]))`)).toEqual([
    ["Revenue", "Q1 rates", "Hidden"],
    [["deskhand.documentId", id]],
  ]);
  // Another tab, another host: nothing but the file can tell.
  await scene.end();
  scene = await stage.open(scene.document);
  expect(await describe()).toMatchObject({ embeddedId: id });
  await scene.pane.evaluate((given) => window.documentHost?.embed(given), id);
  expect((await scene.host.state()).dirty).toBe(false);
});
