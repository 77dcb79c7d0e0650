// The whole tour as a person sees it: its page with workbook, deck and their panes, the window beside it, every stop and
// every prompt. What is expected is worked out here from the sample workbook, and read back by other programs.
import { copyFileSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser, Frame, FrameLocator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { words } from "../../shared/src/words/en.ts";
import { launch, openPage } from "../support/browser.ts";
import { makeCertificates, TrustingHome } from "../support/certificates.ts";
import { buildOfficeHost, OfficeHost, repository } from "../support/office-host.ts";
import { python } from "../support/python.ts";
import { buildProgram, freePort, Gateway, Service } from "../support/service.ts";

/** A place with a conversation: the window's page, or a pane in the tour's page. */
type Front = Page | Frame | FrameLocator;

const LABEL = "Tour: scripted answers, no model";
const samples = resolve(repository, "tests/standins/scripts");
const shots = resolve(repository, "target/shots/e2e");
const folder = mkdtempSync(join(tmpdir(), "deskhand-tour-"));
const workbook = join(folder, "Sample workbook.xlsx");
const deck = join(folder, "Sample deck.pptx");

let gateway: Gateway;
let service: Service;
let excel: OfficeHost;
let powerpoint: OfficeHost;
let home: TrustingHome;
let browser: Browser;
const trouble: string[] = [];

beforeAll(async () => {
  mkdirSync(shots, { recursive: true });
  copyFileSync(join(samples, "tour.xlsx"), workbook);
  copyFileSync(join(samples, "tour.pptx"), deck);
  const hosts = buildOfficeHost();
  const standins = buildProgram("deskhand-standins", "deskhand-standins");
  const program = buildProgram("deskhand-service", "deskhand");
  const certificates = makeCertificates(hosts, mkdtempSync(join(tmpdir(), "deskhand-certificates-")));
  gateway = await Gateway.start(standins, join(samples, "tour.yaml"));
  const ports = [await freePort(), await freePort()];
  const origins = ports.map((port) => `https://localhost:${String(port)}`);
  service = new Service(program, origins);
  service.configure(gateway.url, "tour");
  const address = await service.start(["--tour"]);
  const open = (document: string, pane: string, port?: number, beside?: string): Promise<OfficeHost> =>
    OfficeHost.start({ program: hosts, document, pane: `${address}/${pane}/`, certificates, port, beside });
  excel = await open(workbook, "excel", ports[0], origins[1]);
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

test("the tour, stop by stop", async (context) => {
  context.onTestFailed(async () => {
    await tour.screenshot({ path: join(shots, "tour-failed.png") });
    console.log("The gateway did not expect:", JSON.stringify(await gateway.unexpected(), null, 1).slice(-4000), trouble);
  });
  const before = cars();
  const window = await openPage(browser, await service.windowAddress(), trouble);
  await window.setViewportSize({ width: 1200, height: 800 });
  const tour = await openPage(browser, `${excel.url}tour.html`, trouble);
  await tour.setViewportSize({ width: 1344, height: 896 });
  await tour.getByText(LABEL).first().waitFor();
  const book = tour.frameLocator('iframe[title="Workbook"]').frameLocator("#pane iframe");
  await pair(book, window);
  for (const front of [book, window]) {
    await front.getByText(LABEL).waitFor();
  }
  await tour.screenshot({ path: join(shots, "tour-begun.png") });

  // 1. Ask in plain words.
  await atStop(book, 0);
  await tryPrompt(book);
  await said(book, "The summary is on a sheet of its own");
  await atStop(window, 0);
  await excel.save();
  const summary = python<{ formulas: string[][]; values: (number | string)[][]; charts: string[] }>(
    `import openpyxl
f = openpyxl.load_workbook(path)["Cylinders"]; v = openpyxl.load_workbook(path, data_only=True)["Cylinders"]
def title(c): return "".join(r.t for p in c.title.tx.rich.p for r in p.r or [])
print(json.dumps({"formulas": [[c.value for c in r] for r in f["A4:D7"]], "values": [[c.value for c in r] for r in v["A4:D7"]], "charts": [title(c) for c in f._charts]}))`,
    workbook,
  );
  const expected = [4, 6, 8].map((cylinders) => {
    const some = before.filter((car) => car.cylinders === cylinders);
    return [`${String(cylinders)} cylinders`, mean(some.map((car) => car.mpg)), some.length, mean(some.map((car) => car.power))];
  });
  expected.push(["All cars", mean(before.map((car) => car.mpg)), before.length, mean(before.map((car) => car.power))]);
  expectClose(summary.values, expected);
  expect(summary.formulas.flat().every((formula) => formula === "All cars" || formula.startsWith("="))).toBe(true);
  expect(summary.charts).toEqual(["Miles per gallon by cylinders"]);
  const average = mean(before.map((car) => car.mpg)).toFixed(1);
  await book.getByRole("log").getByRole("button", { name: average }).first().waitFor();

  // 2. Look at what changed: a source in the answer leads to its cell.
  await next(book, 1);
  await book.getByRole("log").getByRole("button", { name: average }).first().click();
  await tour.frameLocator('iframe[title="Workbook"]').locator(".formula").getByText("B7", { exact: true }).waitFor();
  await tour.screenshot({ path: join(shots, "tour.png") });

  // 3. You decide.
  await next(book, 2);
  await tryPrompt(book);
  const question = book.getByRole("group").filter({ has: book.getByRole("button", { name: "Allow once" }) });
  await question.getByText("2.88").first().waitFor();
  await question.getByText(String(before[1]?.weight)).first().waitFor();
  expect(cars()[1]?.weight).toBe(before[1]?.weight);
  await tour.screenshot({ path: join(shots, "tour-approval.png") });
  await question.getByRole("button", { name: "Allow once" }).click();
  await said(book, "now holds 2.88");
  await atStop(window, 2);
  await excel.save();
  expect(before[1]?.weight).not.toBe(2.88);
  expect(cars()[1]?.weight).toBe(2.88);

  // 4. Every change has a way back.
  await next(book, 3);
  await book.getByRole("tab", { name: /Changes/ }).click();
  await tour.screenshot({ path: join(shots, "tour-changes.png") });
  await book.getByRole("button", { name: /^Undo .*F3/ }).first().click();
  await book.getByRole("button", { name: /^Redo/ }).first().waitFor();
  await excel.save();
  expect(cars()).toEqual(before);
  await book.getByRole("tab", { name: "Chat" }).click();

  // 5. One session everywhere.
  await next(book, 4);
  await tour.getByRole("tab", { name: "Deck" }).click();
  const slides = tour.frameLocator('iframe[title="Deck"]').frameLocator("#pane iframe");
  await pair(slides, window);
  await slides.getByText(LABEL).waitFor();
  await said(slides, "now holds 2.88");
  await atStop(slides, 4);
  await tryPrompt(slides);
  await said(slides, "Each figure keeps its source in the workbook");
  await said(window, "Each figure keeps its source in the workbook");
  await atStop(window, 4);
  await slides.getByRole("log").getByRole("button", { name: "Fewer cylinders go further" }).last().click();
  await tour.frameLocator('iframe[title="Deck"]').locator(".thumbnail.on").getByText("Fewer cylinders go further").waitFor();
  await slides.getByRole("button", { name: "Stop (Esc)" }).waitFor({ state: "detached" });
  await tour.screenshot({ path: join(shots, "tour-deck.png") });
  await window.screenshot({ path: join(shots, "tour-window.png") });
  await powerpoint.save();
  const slide = python<{ title: string; text: string; chart: { categories: string[]; values: number[] }[] }>(
    `import pptx
s = list(pptx.Presentation(path).slides)[-1]
print(json.dumps({"title": s.shapes.title.text, "text": "\\n".join(x.text_frame.text for x in s.shapes if x.has_text_frame and x != s.shapes.title),
  "chart": [{"categories": list(x.chart.plots[0].categories), "values": list(x.chart.plots[0].series[0].values)} for x in s.shapes if x.has_chart]}))`,
    deck,
  );
  expect(slide.title).toBe("Fewer cylinders go further");
  for (const words of [
    `Four cylinders go ${Number(expected[0]?.[1]).toFixed(1)} miles a gallon`,
    `Eight cylinders go ${Number(expected[2]?.[1]).toFixed(1)} miles a gallon`,
    `${String(before.length)} cars average ${Math.round(Number(expected[3]?.[3])).toLocaleString("en-US")} horsepower`,
  ]) {
    expect(slide.text).toContain(words);
  }
  expect(slide.chart).toHaveLength(1);
  expect(slide.chart[0]?.categories).toEqual(["4 cylinders", "6 cylinders", "8 cylinders"]);
  expectClose([slide.chart[0]?.values ?? []], [expected.slice(0, 3).map((row) => row[1] ?? "")]);

  // 6. The last stop leads on.
  await next(slides, 5);
  expect(await slides.getByRole("button", { name: words.tour.next }).count()).toBe(0);
  expect(await gateway.unexpected()).toEqual([]);
  expect(trouble).toEqual([]);
});

test("the terminal says that it is the tour", () => {
  expect(service.run(["status"])).toContain(LABEL);
  expect(JSON.parse(service.run(["status", "--json"]))).toMatchObject({ view: { tour: true } });
});

interface Car {
  mpg: number;
  cylinders: number;
  power: number;
  weight: number;
}

/** The cars in the workbook's file as it is now. */
function cars(): Car[] {
  return python<Car[]>(
    `import openpyxl
rows = list(openpyxl.load_workbook(path)["mtcars"].values); head = rows[0]
print(json.dumps([dict(mpg=r[head.index("mpg")], cylinders=r[head.index("cyl")], power=r[head.index("hp")], weight=r[head.index("wt")]) for r in rows[1:] if r[0] is not None]))`,
    workbook,
  );
}

function mean(numbers: number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function expectClose(found: (number | string)[][], expected: (number | string)[][]): void {
  const rounded = (rows: (number | string)[][]): (number | string)[][] =>
    rows.map((row) => row.map((value) => (typeof value === "number" ? Number(value.toFixed(9)) : value)));
  expect(rounded(found)).toEqual(rounded(expected));
}

/** Compares the number and allows the pane in the window with one click. */
async function pair(pane: FrameLocator, window: Page): Promise<void> {
  const number = (await pane.locator(".pairing-number").innerText()).replaceAll(/\D/g, "");
  expect(number).toMatch(/^\d{6}$/);
  await window.getByText(number.slice(0, 3), { exact: false }).first().waitFor();
  await window.getByRole("button", { name: "Allow" }).first().click();
  await pane.getByRole("textbox").first().waitFor();
}

/** The card of a stop, which says where it stands. */
async function atStop(front: Front, index: number): Promise<void> {
  const stop = words.tour.stops[index];
  const card = front.getByRole("region", { name: stop?.title ?? "" });
  await card.getByText(words.tour.stop(index + 1, words.tour.stops.length)).waitFor();
  await card.getByText(stop?.text ?? "").waitFor();
}

async function next(front: FrameLocator, index: number): Promise<void> {
  await front.getByRole("button", { name: words.tour.next }).click();
  await atStop(front, index);
}

/** Takes the stop's prompt into the box and sends it. */
async function tryPrompt(front: FrameLocator): Promise<void> {
  await front.getByRole("button", { name: /^Try: / }).click();
  await front.getByRole("button", { name: "Send" }).click();
}

/** Waits for words in the conversation. */
async function said(front: Front, text: string): Promise<void> {
  await front.getByRole("log").getByText(text).last().waitFor();
}
