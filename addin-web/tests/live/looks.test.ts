// The host page itself: what a person sees of a workbook and of a deck. The pictures are kept under `target/shots`.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repository } from "../support/office-host.ts";
import { PYTHON } from "../support/python.ts";
import { Stage } from "./stage.ts";

const shots = resolve(repository, "target/shots");

let stage: Stage;
beforeAll(async () => {
  mkdirSync(shots, { recursive: true });
  stage = await Stage.set();
});
afterAll(() => stage.strike());

const BOOK = `
import openpyxl
from itertools import product
book = openpyxl.Workbook()
sheet = book.active
sheet.title = "Revenue"
sheet.append(["Month", "Region", "Product", "Units", "Price", "Revenue"])
for n, (month, region, product) in enumerate(product(["Jul", "Aug", "Sep"], ["Region North", "Region South", "Region East", "Region West"], ["Basic", "Plus"])):
    sheet.append([month, region, product, 40 + n * 7 % 53, 95.5 if product == "Basic" else 210, None])
    sheet.cell(n + 2, 6).value = f"=D{n + 2}*E{n + 2}"
for row in sheet["E2:F25"]:
    for cell in row:
        cell.number_format = "#,##0.00"
for letter, width in dict(A=10, B=16, C=12, D=10, E=12, F=14).items():
    sheet.column_dimensions[letter].width = width
book.create_sheet("Rates")["A1"] = "EUR"
book.save(path)
`;

test("a workbook shows its cells, tables, charts and what was just written", async () => {
  const path = join(mkdtempSync(join(stage.folder, "book-")), "Sample workbook.xlsx");
  execFileSync(PYTHON, ["-c", `import sys\npath = sys.argv[1]\n${BOOK}`, path]);
  const scene = await stage.open(path);
  const { page } = scene;
  await page.screenshot({ path: join(shots, "testhost-excel-opened.png") });
  await scene.perform({ op: "table.add", range: "Revenue!A1:F25", name: "Sales" });
  await scene.perform({ op: "sheet.add", name: "Summary", after: "Revenue" });
  await scene.pane.evaluate(() => window.documentHost?.select("Summary!A1"));
  await page.waitForSelector(".tab.on:text-is('Summary')");
  const regions = ["North", "South", "East", "West"];
  await scene.perform({
    op: "range.write",
    range: "Summary!A1",
    cells: [
      ["Revenue by region, Q3", null, null],
      [null, null, null],
      ["Region", "Revenue", "Share"],
      ...regions.map((name, index) => {
        const row = index + 4;
        return [`Region ${name}`, `=SUMIFS(Revenue!F:F,Revenue!B:B,$A${row})`, `=B${row}/B$8`];
      }),
      ["Total", "=SUM(B4:B7)", "=SUM(C4:C7)"],
    ],
  });
  await scene.perform({ op: "range.format", range: "Summary!A1", format: { bold: true, fontSize: 14 } });
  await scene.perform({ op: "range.format", range: "Summary!A3:C3", format: { bold: true } });
  await scene.perform({ op: "range.format", range: "Summary!A8:C8", format: { bold: true } });
  await scene.perform({ op: "range.format", range: "Summary!B3:C3", format: { horizontal: "right" } });
  await scene.perform({ op: "range.format", range: "Summary!B4:B8", format: { numberFormat: "#,##0" } });
  await scene.perform({ op: "range.format", range: "Summary!C4:C8", format: { numberFormat: "0.0%" } });
  await scene.perform({ op: "range.format", range: "Summary!A3:C8", format: {}, fitColumns: true });
  await scene.perform({ op: "chart.add", range: "Summary!A3:B7", kind: "barClustered", name: "ByRegion", title: "Revenue by region, Q3", place: "Summary!A10:E17" });
  await scene.perform({ op: "chart.add", range: "Summary!A3:B7", kind: "columnClustered", name: "Columns", title: "The same as columns", place: "Summary!G3:K14" });
  await scene.pane.evaluate(() => window.documentHost?.select("Summary!B4"));
  await page.waitForSelector(".cell.hot");
  await page.waitForFunction(() => document.querySelectorAll("figure.chart svg").length === 2);
  expect(await page.locator("#badge").textContent()).toBe("Test host, not Excel");
  await page.waitForSelector(".reference:text-is('B4')");
  expect(await page.locator("input.content").inputValue()).toBe("=SUMIFS(Revenue!F:F,Revenue!B:B,$A4)");
  expect(await page.locator(".cell.hot").count()).toBeGreaterThan(10);
  await scene.host.save();
  await page.waitForSelector("#saved:has-text('Saved')");
  await settled(page);
  await page.screenshot({ path: join(shots, "testhost-excel-light.png") });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.screenshot({ path: join(shots, "testhost-excel-dark.png") });
  await page.emulateMedia({ colorScheme: "light" });
  await page.getByRole("button", { name: "Revenue", exact: true }).click();
  await page.waitForSelector(".cell.header");
  await settled(page);
  await page.screenshot({ path: join(shots, "testhost-excel-table.png") });
  await scene.end();
});

test("a person edits a cell in the formula bar, and meanwhile the pane's calls are refused", async () => {
  const path = join(mkdtempSync(join(stage.folder, "book-")), "Sample workbook.xlsx");
  execFileSync(PYTHON, ["-c", `import sys\npath = sys.argv[1]\n${BOOK}`, path]);
  const scene = await stage.open(path);
  const { page } = scene;
  await page.locator(".cell[data-at='1:3']").click();
  await page.waitForSelector(".reference:text-is('D2')");
  await page.keyboard.type("77");
  await page.waitForSelector("#saved:text-is('Editing a cell')");
  expect((await scene.refusal({ op: "workbook.info" })).code).toBe("busy");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".cell[data-at='1:3'] .text:text-is('77')");
  await page.waitForSelector(".cell[data-at='1:5'] .text:text-is('7,353.50')");
  await page.locator(".scroller").focus();
  await page.keyboard.press("ArrowDown");
  await page.waitForSelector(".reference:text-is('D3')");
  await scene.end();
});

const DECK = `
from pptx import Presentation
from pptx.util import Inches
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
deck = Presentation()
deck.slide_width, deck.slide_height = Inches(13.333), Inches(7.5)
slide = deck.slides.add_slide(deck.slide_layouts[5])
slide.shapes.title.text = "Revenue by region, Q3"
data = CategoryChartData()
data.categories = ["North", "South", "East", "West"]
data.add_series("Revenue", (1248300, 982150, 1106720, 764400))
chart = slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, Inches(0.8), Inches(1.8), Inches(7.2), Inches(4.8), data).chart
chart.has_title = False
box = slide.shapes.add_textbox(Inches(8.5), Inches(2), Inches(4), Inches(3)).text_frame
box.text = "North leads with 30.4%"
for line in ["East grew fastest", "West needs a plan"]:
    box.add_paragraph().text = line
slide = deck.slides.add_slide(deck.slide_layouts[1])
slide.shapes.title.text = "Three points"
slide.placeholders[1].text = "Revenue is up\\nCosts are flat\\nOutlook is good"
slide = deck.slides.add_slide(deck.slide_layouts[5])
slide.shapes.title.text = "Figures"
rows = [["Region", "Revenue", "Share"], ["North", "1,248,300", "30.4%"], ["South", "982,150", "23.9%"], ["East", "1,106,720", "27.0%"]]
table = slide.shapes.add_table(4, 3, Inches(0.8), Inches(2), Inches(9), Inches(2.4)).table
for r, row in enumerate(rows):
    for c, text in enumerate(row):
        table.cell(r, c).text = text
deck.save(path)
`;

test("a deck shows its slides with charts, tables and texts", async () => {
  const path = join(mkdtempSync(join(stage.folder, "deck-")), "Quarterly review.pptx");
  execFileSync(PYTHON, ["-c", `import sys\npath = sys.argv[1]\n${DECK}`, path]);
  const scene = await stage.open(path);
  const { page } = scene;
  expect(await page.locator("#badge").textContent()).toBe("Test host, not PowerPoint");
  expect(await page.locator(".thumbnail").count()).toBe(3);
  expect(await page.locator(".stage svg.plot").getAttribute("aria-label")).toContain("North 1.25 m");
  await page.screenshot({ path: join(shots, "testhost-powerpoint-light.png") });
  await scene.pane.evaluate(() => window.documentHost?.select("slide:258"));
  await page.waitForSelector(".stage table");
  expect(await page.locator(".stage td").count()).toBe(12);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.screenshot({ path: join(shots, "testhost-powerpoint-dark.png") });
  await scene.end();
});

/** Waits until the marks have faded to their rest. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => document.getAnimations().every((animation) => animation.playState !== "running"));
}
