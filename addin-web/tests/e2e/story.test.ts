// The analyst's story, end to end: Excel, PowerPoint and the window on one session, on a workbook whose numbers are drawn
// anew at each run. What is expected is worked out here, not by our code, and read back by other programs.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { python } from "../support/python.ts";
import { choose, drawWorkbook, makeDeck, regions, type Row, said, send, shots, Stage } from "./stage.ts";

let rows: Row[];
let workbook: string;
let deck: string;
let stage: Stage;

beforeAll(async () => {
  stage = await Stage.set(join(import.meta.dirname, "story.yaml"), (folder) => {
    workbook = join(folder, "Sales.xlsx");
    deck = join(folder, "Board.pptx");
    rows = drawWorkbook(workbook);
    makeDeck(deck);
    return [
      { path: workbook, pane: "excel" },
      { path: deck, pane: "powerpoint" },
    ];
  });
});

afterAll(async () => {
  await stage.strike();
});

const total = (region?: string): number =>
  rows.filter((row) => region === undefined || row.region === region).reduce((sum, row) => sum + row.revenue, 0);

test("the analyst's story", async (context) => {
  context.onTestFailed(async () => {
    console.log("The gateway did not expect:", JSON.stringify(await stage.gateway.unexpected(), null, 1).slice(-4000));
  });
  const window = await stage.window();
  const excel = await stage.open(0, window);
  await send(excel.pane, "Please summarise revenue by region on a new sheet with formulas and a chart");
  await choose(window, "Please summarise revenue by region");
  await window.getByRole("button", { name: "Allow once" }).waitFor();
  await excel.pane.getByRole("button", { name: "Allow once" }).waitFor();
  await excel.page.screenshot({ path: join(shots, "excel-approval.png") });
  await window.screenshot({ path: join(shots, "window-approval.png") });
  await window.getByRole("button", { name: "Allow once" }).click();
  await said(excel.pane, "Summary holds live formulas.");
  await excel.pane.locator("button.cite", { hasText: "Summary!B6" }).last().click();
  await expect.poll(() => excel.page.getByLabel("Content of the cell").inputValue(), { timeout: 10_000 }).toBe("=SUM(B2:B5)");
  await excel.page.screenshot({ path: join(shots, "excel-done.png") });
  await stage.host(0).save();
  expectSummary();

  const powerpoint = await stage.open(1, window);
  await said(powerpoint.pane, "Summary holds live formulas.");
  await send(powerpoint.pane, "Now a slide with that chart and the three main points");
  await said(powerpoint.pane, "The slide is in.");
  await powerpoint.pane.locator("button.cite", { hasText: "Revenue by region" }).last().click();
  await powerpoint.page.screenshot({ path: join(shots, "powerpoint-done.png") });
  await said(window, "The slide is in.");
  await window.screenshot({ path: join(shots, "window-done.png") });
  await stage.host(1).save();
  expectSlide();

  await window.getByRole("button", { name: "Undo all" }).click();
  await expect.poll(() => window.getByRole("button", { name: /^Redo/ }).count(), { timeout: 30_000 }).toBe(7);
  await stage.host(0).save();
  await stage.host(1).save();
  expectAsBefore();
  expect(await stage.gateway.unexpected()).toEqual([]);
  expect(stage.trouble).toEqual([]);
});

function expectSummary(): void {
  const saved = python<{ formulas: string[]; values: number[]; charts: number; note: string; kept: number }>(
    `import openpyxl
f = openpyxl.load_workbook(path); v = openpyxl.load_workbook(path, data_only=True)
print(json.dumps({"formulas": [c.value for c in f["Summary"]["B"][1:]], "values": [c.value for c in v["Summary"]["B"][1:]],
  "charts": len(f["Summary"]._charts), "note": f["Revenue"]["E1"].value, "kept": sum(r[2].value for r in f["Revenue"].iter_rows(min_row=2))}))`,
    workbook,
  );
  expect(saved.formulas[0]).toBe("=SUMIFS(Revenue!C:C,Revenue!A:A,A2)");
  for (const [index, region] of [...regions, undefined].entries()) {
    expect(saved.values[index]).toBeCloseTo(total(region), 6);
  }
  expect(saved.charts).toBe(1);
  expect(saved.note).toBe("Summarised on Summary");
  expect(saved.kept).toBeCloseTo(total(), 6);
}

function expectSlide(): void {
  const slide = python<{ slides: number; text: string[]; chart: [string[], number[]][] }>(
    `import pptx
p = pptx.Presentation(path); s = p.slides[len(p.slides) - 1]
print(json.dumps({"slides": len(p.slides), "text": [x.text_frame.text for x in s.shapes if x.has_text_frame],
  "chart": [[list(x.chart.plots[0].categories), list(x.chart.plots[0].series[0].values)] for x in s.shapes if x.has_chart]}))`,
    deck,
  );
  expect(slide.slides).toBe(2);
  expect(slide.text.join("\n")).toContain(Math.round(total()).toLocaleString("en-US"));
  expect(slide.chart).toHaveLength(1);
  expect(slide.chart[0]?.[0]).toEqual([...regions]);
  for (const [index, region] of regions.entries()) {
    expect(slide.chart[0]?.[1][index]).toBeCloseTo(total(region), 6);
  }
}

/** After undoing everything both files hold what they held. */
function expectAsBefore(): void {
  const book = python<{ sheets: string[]; rows: unknown[][] }>(
    `import openpyxl
w = openpyxl.load_workbook(path)
print(json.dumps({"sheets": w.sheetnames, "rows": [[c.value for c in r[:5]] for r in w["Revenue"].iter_rows()]}))`,
    workbook,
  );
  expect(book.sheets).toEqual(["Revenue"]);
  expect(book.rows[0]).toEqual(["Region", "Product", "Revenue", null, "Not summarised"]);
  expect(book.rows.slice(1).map((row) => row.slice(0, 3))).toEqual(rows.map((row) => [row.region, row.product, row.revenue]));
  expect(python<number>(`import pptx\nprint(len(pptx.Presentation(path).slides))`, deck)).toBe(1);
}
