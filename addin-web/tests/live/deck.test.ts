// Every deck operation through the real office.js; what counts is the saved file as python-pptx reads it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { DeckContent, LiveDocument, SlideContent, SlidePackage } from "@deskhand/shared/generated/protocol.ts";
import { python, PYTHON } from "../support/python.ts";
import { type Scene, Stage } from "./stage.ts";

const REVIEW = `
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
deck = Presentation()
slide = deck.slides.add_slide(deck.slide_layouts[0])
slide.shapes.title.text = "Quarterly review"
slide.placeholders[1].text = "First quarter"
slide = deck.slides.add_slide(deck.slide_layouts[1])
slide.shapes.title.text = "Agenda"
slide.placeholders[1].text = "Revenue\\nCosts\\nOutlook"
slide = deck.slides.add_slide(deck.slide_layouts[5])
slide.shapes.title.text = "Figures"
table = slide.shapes.add_table(2, 2, 914400, 1828800, 6096000, 1500000).table
for row, texts in enumerate([["Region", "Revenue"], ["North", "12"]]):
    for column, text in enumerate(texts):
        table.cell(row, column).text = text
slide = deck.slides.add_slide(deck.slide_layouts[5])
slide.shapes.title.text = "Trend"
data = CategoryChartData()
data.categories = ["Jan", "Feb"]
data.add_series("Revenue", (3, 4.5))
slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 914400, 1600000, 7000000, 4000000, data)
deck.save(path)
`;

let stage: Stage;
let scene: Scene;

beforeAll(async () => {
  stage = await Stage.set();
});
afterAll(() => stage.strike());
beforeEach(async () => {
  const path = join(mkdtempSync(join(stage.folder, "deck-")), "Review.pptx");
  execFileSync(PYTHON, ["-c", `import sys\npath = sys.argv[1]\n${REVIEW}`, path]);
  scene = await stage.open(path);
});
afterEach(() => scene.end());

/** Saves in the host, and answers what a script prints of the saved deck. */
async function saved<T>(script: string): Promise<T> {
  await scene.host.save();
  return python<T>(`from pptx import Presentation\ndeck = Presentation(path)\n${script}`, scene.document);
}

const TITLES = "print(json.dumps([s.shapes.title.text if s.shapes.title is not None else None for s in deck.slides]))";

test("deck.info lists layouts and slides", async () => {
  const info = await scene.perform<DeckContent>({ op: "deck.info" });
  expect(info.layouts.slice(0, 3).map(({ name, master }) => [name, master])).toEqual([
    ["Title Slide", "Office Theme"],
    ["Title and Content", "Office Theme"],
    ["Section Header", "Office Theme"],
  ]);
  expect(info.slides.map(({ id, index, layout, title }) => [id, index, layout, title])).toEqual([
    ["256", 1, "Title Slide", "Quarterly review"],
    ["257", 2, "Title and Content", "Agenda"],
    ["258", 3, "Title Only", "Figures"],
    ["259", 4, "Title Only", "Trend"],
  ]);
});

test("slide.read answers shapes with their texts and places, title first", async () => {
  const slide = await scene.perform<SlideContent>({ op: "slide.read", slide: "257" });
  expect(slide.shapes.map(({ name, kind, placeholder, text }) => [name, kind, placeholder, text])).toEqual([
    ["Title 1", "placeholder", "title", "Agenda"],
    ["Content Placeholder 2", "placeholder", "obj", "Revenue\nCosts\nOutlook"],
  ]);
  const table = await scene.perform<SlideContent>({ op: "slide.read", slide: "258" });
  expect(table.shapes[1]).toMatchObject({ kind: "table", frame: { left: 72, top: 144, width: 480 } });
  expect((await scene.refusal({ op: "slide.read", slide: "999" })).code).toBe("notFound");
});

test("slide.add fills the layout's placeholders behind another slide and takes the rest out", async () => {
  const added = await scene.perform<SlideContent>({
    op: "slide.add",
    id: "three-points",
    layout: "Two Content",
    texts: [
      { placeholder: "title", text: "Three points" },
      { placeholder: "Content Placeholder 2", text: "One\nTwo\nThree" },
    ],
    after: "256",
  });
  expect(added).toMatchObject({ id: "three-points", index: 2, layout: "Two Content", title: "Three points" });
  expect(added.shapes).toHaveLength(2);
  const slide = await saved<unknown[]>(`
s = deck.slides[1]
print(json.dumps([s.slide_layout.name, [[p.placeholder_format.type.name, p.placeholder_format.idx, [x.text for x in p.text_frame.paragraphs]] for p in s.placeholders], len(deck.slides)]))`);
  expect(slide).toEqual(["Two Content", [["TITLE", 0, ["Three points"]], ["OBJECT", 1, ["One", "Two", "Three"]]], 5]);
  // The id is found again in the file: by its tag, not by the number that PowerPoint gave.
  const [again] = (await scene.perform<DeckContent>({ op: "deck.info" })).slides.slice(1);
  expect(again?.id).toBe("three-points");
});

test("a slide.add that is refused leaves the deck as it was", async () => {
  const texts = [{ placeholder: "no such place", text: "x" }];
  expect((await scene.refusal({ op: "slide.add", layout: "Title Only", texts })).code).toBe("notFound");
  expect((await scene.refusal({ op: "slide.add", layout: "No Layout" })).code).toBe("notFound");
  expect((await scene.refusal({ op: "slide.add", layout: "Title Only", after: "999" })).code).toBe("notFound");
  expect((await scene.refusal({ op: "slide.add", id: "256", layout: "Title Only" })).code).toBe("nameTaken");
  expect(await saved(TITLES)).toEqual(["Quarterly review", "Agenda", "Figures", "Trend"]);
});

test("slide.delete takes a slide out", async () => {
  await scene.perform({ op: "slide.delete", slide: "257" });
  expect(await saved(TITLES)).toEqual(["Quarterly review", "Figures", "Trend"]);
});

test("text.set turns lines into paragraphs", async () => {
  await scene.perform({ op: "text.set", slide: "257", shape: "3", text: "Only\ntwo" });
  expect((await scene.refusal({ op: "text.set", slide: "258", shape: "3", text: "x" })).code).toBe("badInput");
  expect((await scene.refusal({ op: "text.set", slide: "258", shape: "77", text: "x" })).code).toBe("notFound");
  expect(await saved("print(json.dumps([p.text for p in deck.slides[1].placeholders[1].text_frame.paragraphs]))")).toEqual(["Only", "two"]);
});

test("shape.delete takes a shape out", async () => {
  await scene.perform({ op: "shape.delete", slide: "258", shape: "3" });
  expect(await saved("print(json.dumps([s.name for s in deck.slides[2].shapes]))")).toEqual(["Title 1"]);
});

test("a change against a slide that a person changed is refused as changed", async () => {
  const { fingerprint } = await scene.perform<SlideContent>({ op: "slide.read", slide: "257" });
  await scene.perform({ op: "text.set", slide: "257", shape: "2", text: "Plan" }, fingerprint);
  expect((await scene.refusal({ op: "text.set", slide: "257", shape: "2", text: "Late" }, fingerprint)).code).toBe("changed");
  expect(await saved(TITLES)).toEqual(["Quarterly review", "Plan", "Figures", "Trend"]);
});

test("slide.export gives a package, and slide.replace puts the slide back in its place", async () => {
  const exported = await scene.perform<SlidePackage>({ op: "slide.export", slide: "259" });
  const copy = join(stage.folder, "exported.pptx");
  writeFileSync(copy, Buffer.from(exported.data, "base64"));
  const inside = python(
    `from pptx import Presentation\ns = [s for s in Presentation(path).slides if s.slide_id == ${exported.slideId}][0]\nprint(json.dumps([s.shapes.title.text, list(s.shapes[1].chart.plots[0].categories)]))`,
    copy,
  );
  expect(inside).toEqual(["Trend", ["Jan", "Feb"]]);
  await scene.perform({ op: "shape.delete", slide: "259", shape: "3" });
  await scene.perform({ op: "text.set", slide: "259", shape: "2", text: "Empty" });
  const back = await scene.perform<SlideContent>({ op: "slide.replace", slide: "259", package: { data: exported.data, slideId: exported.slideId } });
  expect(back).toMatchObject({ id: "259", index: 4, title: "Trend" });
  const chart = await saved<unknown[]>(`
c = deck.slides[3].shapes[1].chart
print(json.dumps([len(deck.slides), list(c.plots[0].categories), list(c.plots[0].series[0].values), len(c.part.chart_workbook.xlsx_part.blob) > 1000]))`);
  expect(chart).toEqual([4, ["Jan", "Feb"], [3, 4.5], true]);
});

test("slide.replace brings a deleted slide back behind the one it stood after", async () => {
  const exported = await scene.perform<SlidePackage>({ op: "slide.export", slide: "257" });
  await scene.perform({ op: "slide.delete", slide: "257" });
  await scene.perform({ op: "slide.replace", slide: "257", package: { data: exported.data, slideId: exported.slideId }, after: "256" });
  expect(await saved(TITLES)).toEqual(["Quarterly review", "Agenda", "Figures", "Trend"]);
  expect((await scene.perform<DeckContent>({ op: "deck.info" })).slides[1]?.id).toBe("257");
});

test("what Office.js cannot do on a deck is answered as unsupported", async () => {
  const frame = { left: 0, top: 0, width: 100, height: 100 };
  expect((await scene.refusal({ op: "table.add", slide: "256", name: "T", rows: [["a"]] })).code).toBe("unsupported");
  expect((await scene.refusal({ op: "picture.add", slide: "256", name: "P", data: "", altText: "none", frame })).code).toBe("unsupported");
  const data = { categories: ["a"], series: [{ name: "s", values: [1] }] };
  expect((await scene.refusal({ op: "chart.add", slide: "256", name: "C", kind: "pie", data })).code).toBe("unsupported");
  expect((await scene.refusal({ op: "workbook.info" })).code).toBe("badInput");
});

test("select shows a slide, and describe names title, sets and content", async () => {
  await scene.pane.evaluate(() => window.documentHost?.select("slide:258"));
  await scene.page.waitForSelector(".thumbnail.on[aria-label='Slide 3: Figures']");
  await scene.pane.waitForFunction(() => window.selections.length > 0);
  const described = await scene.pane.evaluate(() => window.documentHost?.describe());
  expect(described).toMatchObject({ kind: "deck", title: "Review.pptx", path: scene.document, summary: "4 slides" });
  expect(described?.sets).toEqual(["PowerPointApi 1.1", "PowerPointApi 1.2", "PowerPointApi 1.3", "PowerPointApi 1.4"]);
});

test("the id of the document is embedded in the file, and told when it is opened again", async () => {
  const id = "018f0000-0000-7000-8000-00000000abcd";
  const describe = (): Promise<LiveDocument | undefined> => scene.pane.evaluate(() => window.documentHost?.describe());
  expect(await describe()).not.toHaveProperty("embeddedId");
  expect((await scene.host.state()).dirty).toBe(false);
  await scene.pane.evaluate((given) => window.documentHost?.embed(given), id);
  expect(await describe()).toMatchObject({ embeddedId: id });
  expect(await saved(`looked = len(deck.slides)
from zipfile import ZipFile
from xml.etree import ElementTree
bag = ElementTree.fromstring(ZipFile(path).read("ppt/webextensions/webextension1.xml"))
print(json.dumps([looked, [[p.get("name"), json.loads(p.get("value"))] for p in bag.iter() if p.tag.endswith("}property")]]))`)).toEqual([
    4,
    [["deskhand.documentId", id]],
  ]);
  // Another tab, another host: nothing but the file can tell.
  await scene.end();
  scene = await stage.open(scene.document);
  expect(await describe()).toMatchObject({ embeddedId: id });
  await scene.pane.evaluate((given) => window.documentHost?.embed(given), id);
  expect((await scene.host.state()).dirty).toBe(false);
});
