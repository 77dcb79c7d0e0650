// The analyst's story, end to end: Excel, PowerPoint and the window on one session, on a workbook whose numbers are drawn
// anew at each run. What is expected is worked out here, not by our code, and read back by other programs.
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser, Frame, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, openPage } from "../support/browser.ts";
import { type Certificates, makeCertificates, TrustingHome } from "../support/certificates.ts";
import { buildOfficeHost, OfficeHost, repository } from "../support/office-host.ts";
import { python } from "../support/python.ts";
import { buildProgram, freePort, Gateway, Service } from "../support/service.ts";

const regions = ["North", "South", "East", "West"] as const;
const shots = resolve(repository, "target/shots/e2e");
const folder = mkdtempSync(join(tmpdir(), "deskhand-story-"));
const workbook = join(folder, "Sales.xlsx");
const deck = join(folder, "Board.pptx");

let rows: { region: string; product: string; revenue: number }[];
let gateway: Gateway;
let service: Service;
let excel: OfficeHost;
let powerpoint: OfficeHost;
let certificates: Certificates;
let home: TrustingHome;
let browser: Browser;
const trouble: string[] = [];

beforeAll(async () => {
  mkdirSync(shots, { recursive: true });
  rows = Array.from({ length: 240 }, (_, index) => ({
    region: regions[Math.floor(Math.random() * 4)] ?? "North",
    product: `P${String(index % 7)}`,
    revenue: Math.round(Math.random() * 1_000_000) / 100,
  }));
  python(
    `import openpyxl
wb = openpyxl.Workbook(); ws = wb.active; ws.title = "Revenue"
ws.append(["Region", "Product", "Revenue", None, "Not summarised"])
for row in ${JSON.stringify(rows)}: ws.append([row["region"], row["product"], row["revenue"]])
wb.save(path); print("null")`,
    workbook,
  );
  python(`import pptx\np = pptx.Presentation(); p.slides.add_slide(p.slide_layouts[0]).shapes.title.text = "Board"\np.save(path); print("null")`, deck);
  const standins = buildProgram("deskhand-standins", "deskhand-standins");
  const hosts = buildOfficeHost();
  certificates = makeCertificates(hosts, mkdtempSync(join(tmpdir(), "deskhand-certificates-")));
  gateway = await Gateway.start(standins, join(import.meta.dirname, "story.yaml"));
  const ports = [await freePort(), await freePort()];
  service = new Service(buildProgram("deskhand-service", "deskhand"), ports.map((port) => `https://localhost:${String(port)}`));
  service.configure(gateway.url, "standin-key");
  const address = await service.start();
  const open = (document: string, pane: string, port?: number): Promise<OfficeHost> =>
    OfficeHost.start({ program: hosts, document, pane: `${address}/${pane}/`, certificates, port });
  excel = await open(workbook, "excel", ports[0]);
  powerpoint = await open(deck, "powerpoint", ports[1]);
  home = new TrustingHome(certificates.authority, service.authority);
  browser = await launch(home.path);
});

afterAll(async () => {
  await browser.close();
  await Promise.all([excel.stop(), powerpoint.stop(), gateway.stop()]);
  await service.stop();
  home.remove();
});

test("the analyst's story", async (context) => {
  context.onTestFailed(async () => {
    console.log("The gateway did not expect:", JSON.stringify(await gateway.unexpected(), null, 1).slice(-4000), trouble);
  });
  const window = await openPage(browser, await service.windowAddress(), trouble);
  await window.setViewportSize({ width: 1200, height: 800 });

  const excelPage = await openPage(browser, excel.url, trouble);
  const excelPane = await frameOf(excelPage);
  await pair(excelPane, window);
  await send(excelPane, "Please summarise revenue by region on a new sheet with formulas and a chart");
  await window.screenshot({ path: join(shots, "window-begun.png") });
  await window.getByText("Please summarise revenue by region").first().click();
  await excelPage.screenshot({ path: join(shots, "excel-begun.png") });
  await window.getByRole("button", { name: "Allow once" }).waitFor();
  await excelPage.screenshot({ path: join(shots, "excel-approval.png") });
  await window.screenshot({ path: join(shots, "window-approval.png") });
  await window.getByRole("button", { name: "Allow once" }).click();
  await excelPane.getByText("Summary holds live formulas.").waitFor();
  await excelPage.screenshot({ path: join(shots, "excel-done.png") });

  await excel.save();
  const total = (region?: string): number =>
    rows.filter((row) => region === undefined || row.region === region).reduce((sum, row) => sum + row.revenue, 0);
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

  const deckPage = await openPage(browser, powerpoint.url, trouble);
  const deckPane = await frameOf(deckPage);
  await pair(deckPane, window);
  await deckPane.getByText("Summary holds live formulas.").waitFor();
  await send(deckPane, "Now a slide with that chart and the three main points");
  await deckPane.getByText("The slide is in.").waitFor();
  await deckPage.screenshot({ path: join(shots, "powerpoint-done.png") });
  await window.screenshot({ path: join(shots, "window-done.png") });
  await powerpoint.save();
  const slide = python<{ slides: number; text: string[]; chart: [string[], number[]][] }>(
    `import pptx
p = pptx.Presentation(path); s = p.slides[len(p.slides) - 1]
print(json.dumps({"slides": len(p.slides), "text": [x.text_frame.text for x in s.shapes if x.has_text_frame],
  "chart": [[list(x.chart.plots[0].categories), list(x.chart.plots[0].series[0].values)] for x in s.shapes if x.has_chart]}))`,
    deck,
  );
  expect(slide.slides).toBe(2);
  expect(slide.text.join("\n")).toContain(Math.round(total()).toLocaleString("en-US"));
  expect(slide.chart).toEqual([[["North", "South", "East", "West"], [1, 2, 3, 4]]]);
  expect(await gateway.unexpected()).toEqual([]);
  expect(trouble).toEqual([]);
});

async function frameOf(page: Page): Promise<Frame> {
  const element = await page.waitForSelector("#pane iframe");
  const frame = await element.contentFrame();
  if (frame === null) {
    throw new Error("The pane has no frame.");
  }
  return frame;
}

/** Compares the number and allows the pane in the window. */
async function pair(pane: Frame, window: Page): Promise<void> {
  const number = (await pane.locator(".pairing-number").innerText()).replaceAll(/\D/g, "");
  expect(number).toMatch(/^\d{6}$/);
  await window.getByText(number.slice(0, 3), { exact: false }).first().waitFor();
  await window.getByRole("button", { name: "Allow" }).first().click();
  await pane.getByRole("textbox").first().waitFor();
}

async function send(pane: Frame, words: string): Promise<void> {
  await pane.getByRole("textbox").first().fill(words);
  await pane.getByRole("button", { name: "Send" }).click();
}
