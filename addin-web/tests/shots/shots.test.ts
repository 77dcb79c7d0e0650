// Pictures of every page at the sizes of the design, in light, dark and high contrast; each page without a breach of the
// policy, without an error, and without a finding of axe.
import { mkdir, readFile } from "node:fs/promises";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HelloAnswer, SessionEvent } from "../../shared/src/generated/protocol.ts";
import { FakeService, helloAnswer } from "../fake-service.ts";
import { deck, NOW, SESSION, sessions, waitingTurn, workbook, workingTurn } from "../story.ts";
import { script, serve } from "./pages.ts";

const OUT = resolve(import.meta.dirname, "../../../target/shots");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

interface Shot {
  name: string;
  page: "desktop" | "excel" | "powerpoint";
  width: number;
  height: number;
  scheme?: "dark";
  contrast?: true;
  events: readonly SessionEvent[];
  hello?: Partial<HelloAnswer>;
  tab?: string;
}

const view = {
  ...helloAnswer().view,
  managed: true,
  sandbox: "vm" as const,
  models: [{ id: "default", label: "Default model" }],
};
const excel = {
  page: "excel" as const,
  height: 1180,
  events: waitingTurn,
  hello: { document: workbook, documents: [workbook] },
};
const slides = {
  ...{ page: "powerpoint" as const, width: 360, height: 960, events: workingTurn, tab: "Figures" },
  hello: { document: deck, documents: [deck, workbook] },
};
const desk = { page: "desktop" as const, width: 1200, height: 800, events: workingTurn };
const tour = { view: { ...view, tour: true, managed: false, sandbox: "notNeeded" as const }, document: workbook };

const shots: Shot[] = [
  { ...desk, name: "window-light" },
  { ...desk, name: "window-dark", scheme: "dark" },
  { ...desk, name: "window-900", width: 900, height: 600 },
  { ...desk, name: "window-700", width: 700, height: 600 },
  { ...desk, name: "window-empty", events: [], hello: { sessions: [], documents: [] } },
  { ...excel, name: "pane-excel-light", width: 360 },
  { ...excel, name: "pane-excel-dark", width: 360, scheme: "dark" },
  { ...excel, name: "pane-excel-320", width: 320 },
  { ...excel, name: "pane-excel-420", width: 420 },
  { ...excel, name: "pane-excel-contrast", width: 360, scheme: "dark", contrast: true },
  { ...excel, name: "pane-excel-changes", width: 360, height: 800, events: workingTurn, tab: "Changes" },
  { ...slides, name: "pane-powerpoint-light" },
  { ...slides, name: "pane-powerpoint-dark", scheme: "dark" },
  { ...excel, name: "pane-tour", width: 360, height: 760, hello: tour, events: waitingTurn.slice(0, 9) },
];

let server: Server;
let origin: string;
let browser: Browser;

beforeAll(async () => {
  await mkdir(OUT, { recursive: true });
  ({ server, origin } = await serve());
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--force-color-profile=srgb"] });
});

afterAll(async () => {
  await browser.close();
  server.close();
});

async function open(shot: Shot): Promise<{ page: Page; faults: string[] }> {
  const page = await browser.newPage({
    viewport: { width: shot.width, height: shot.height },
    deviceScaleFactor: 2,
    colorScheme: shot.scheme ?? "light",
    reducedMotion: "reduce",
    ...(shot.contrast ? { forcedColors: "active" as const } : {}),
  });
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) {
      faults.push(message.text());
    }
  });
  await page.clock.setFixedTime(NOW);
  const service = new FakeService()
    .answer("hello", () => helloAnswer({ view, sessions, documents: [], ...shot.hello }))
    .answer("pairing/list", () => ({ pairings: [] }))
    .answer("session/subscribe", ({ session }) => {
      queueMicrotask(() => {
        service.events(session, session === SESSION ? shot.events : []);
      });
      return { lastSeq: shot.events.length };
    });
  await script(page, service);
  await page.addInitScript((kind) => {
    localStorage.setItem(`deskhand.token.${kind}`, "token");
  }, shot.page);
  await page.goto(`${origin}/${shot.page}/#token=token`);
  await page.getByLabel("Prompt", { exact: true }).waitFor();
  if (shot.events.length > 0) {
    await page.locator(".own-message").first().waitFor();
  }
  if (shot.tab !== undefined) {
    await page.getByRole("tab", { name: shot.tab }).click();
  }
  await page.evaluate(() => document.fonts.ready);
  return { page, faults };
}

describe("the pages", () => {
  it.each(shots)("look as designed: $name", async (shot) => {
    const { page, faults } = await open(shot);
    await page.screenshot({ path: `${OUT}/${shot.name}.png` });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow, "nothing is wider than the page").toBeLessThanOrEqual(0);
    expect(await page.evaluate(() => location.hash)).toBe("");
    expect(faults).toEqual([]);
    expect(await axeFindings(page)).toEqual([]);
    await page.close();
  });
});

/** Runs axe inside the page, past the policy: the tool is ours, not the page's. */
async function axeFindings(page: Page): Promise<string[]> {
  const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await page.evaluate(source);
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run: (context: object) => Promise<{ violations: AxeViolation[] }> };
    };
    interface AxeViolation {
      id: string;
      nodes: { html: string; failureSummary?: string }[];
    }
    const { violations } = await axe.run({ exclude: ["[data-tabster-dummy]"] });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ""}`),
    );
  });
}
