// Pictures of every page at the sizes of the design, in light, dark and high contrast; each page without a breach of the
// policy, without an error, and without a finding of axe.
import { mkdir, readFile } from "node:fs/promises";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { userError } from "../../shared/src/client/rpc.ts";
import type { DiagnosticsView, EventBody, HelloAnswer, SessionEvent } from "../../shared/src/generated/protocol.ts";
import { words } from "../../shared/src/words/en.ts";
import { answers, checkOf } from "../configuration.ts";
import { direct, failing, name } from "../connection-test.ts";
import { backgroundRunning, backgroundTurn, commandRequest, commandTurn, hostileRequest } from "../commands.ts";
import { FakeService, helloAnswer } from "../fake-service.ts";
import { asked, editRequest, fileRequest, fileTurn, folderRequest, grants, instructions, offered } from "../story.ts";
import { deck, figures, files, NOW, numbered, SESSION, sessions, waitingTurn, workbook, workingTurn } from "../story.ts";
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
  direction?: "rtl";
  /** True with a native window around the page, which offers dialogs. */
  native?: true;
  /** What happens after the page is there. */
  then?: (page: Page, service: FakeService) => Promise<void>;
  /** The place that the address names. */
  place?: "configuration";
}

const view = {
  ...helloAnswer().view,
  managed: true,
  sandbox: "vm" as const,
  models: [{ id: "default", label: "Default model", familyDefault: false }],
};
const stopped = { ...userError("POL_DISABLED"), detail: "managed: /etc/deskhand/managed-settings.json" };
const organisation = {
  banner: { text: "Internal use only", background: "#00205b", color: "#ffffff", link: "https://example.com/rules" },
};
const awaited = userError("BOOT_AWAITED");
const bootstrap = { origin: "https://settings.example.com", signedIn: false };
const signIn = { ...bootstrap, state: { kind: "signIn" as const, browser: true } };
const code = {
  ...bootstrap,
  state: { kind: "code" as const, code: "WDJB-MJHT", address: "https://settings.example.com/activate", endsAt: NOW + 300_000 },
};
const toSignIn = { at: "login.example.com", sentTo: "https://gateway.example.com", state: { kind: "signIn" as const, browser: true }, signedIn: false };
const endsSoon = { at: "Microsoft Entra", sentTo: "https://desk.services.ai.azure.com", state: { kind: "idle" as const }, signedIn: true, endsAt: NOW + 12 * 60_000 };
const modelCode = {
  at: "Microsoft Entra",
  state: { kind: "code" as const, code: "WDJB-MJHT", address: "https://login.example.com/device", endsAt: NOW + 300_000 },
  signedIn: false,
};
const codeElsewhere = { ...modelCode, state: { kind: "elsewhere" as const }, begunBy: "window" as const };
const lost = {
  ...bootstrap,
  state: { kind: "idle" as const },
  countsUntil: NOW + 1_800_000,
  problem: { ...userError("BOOT_UNREACHABLE"), detail: "settings.example.com: no connection" },
};
const asks = { ...bootstrap, state: { kind: "idle" as const }, countsUntil: NOW + 1_800_000, consent: "waiting" as const };
const opensBackground = async (page: Page, service: FakeService): Promise<void> => {
  service.answer("command/list", () => ({ commands: [...backgroundRunning] }));
  await page.getByRole("button", { name: "2 commands run in the background" }).click();
  await page.getByText("March: 40 of 210 lines agree").waitFor();
};
const seesCode = (page: Page): Promise<void> => page.getByText("WDJB-MJHT").waitFor();
const seesElsewhere = (page: Page): Promise<void> => page.getByText(words.signIn.codeElsewhere).waitFor();
const seesStopped = (page: Page): Promise<void> => page.getByText(stopped.happened).waitFor();
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
const desk = {
  ...{ page: "desktop" as const, width: 1200, height: 800, events: workingTurn },
  hello: { documents: [workbook, deck] },
};
const config = { ...desk, events: [], place: "configuration" as const };
const file = { ...excel, height: 900, events: asked(fileRequest) };
const folderTurn = [
  ...fileTurn,
  ...numbered([{ type: "folderAttached", path: "/data/Archive", readOnly: true }], fileTurn.length + 1),
];
const tour = { view: { ...view, tour: true, managed: false, sandbox: "notNeeded" as const }, document: workbook };

const sandboxFault = {
  code: "SBX_UNAVAILABLE" as const,
  happened: "The virtual machine did not start: /dev/kvm cannot be opened.",
  kept: "Workbooks, decks and files go on working.",
  action: "Add your user to the group kvm and sign in again.",
  detail: "open /dev/kvm: permission denied",
};

const recorded: DiagnosticsView[] = [
  {
    ...{ category: "Crashes and times", key: "disableEssentialTelemetry", closed: false, count: 412 },
    records: ['{"event":"timing","step":"ready","durationMs":81}', '{"event":"exit","process":"service","code":0,"durationMs":360000}'],
  },
  { category: "Figures of use", key: "disableNonessentialTelemetry", closed: true, count: 0, records: [] },
  { category: "Helper services", key: "disableNonessentialServices", closed: false, count: 0, records: [] },
  { category: "Updates", key: "disableAutoUpdates", closed: false, count: 0, records: [] },
];

/** The turn at work, with prices in the settings. */
const pricedTurn = workingTurn.map((event) =>
  event.type === "messageCompleted" || event.type === "turnEnded"
    ? { ...event, usage: { ...event.usage, cacheRead: 61_000, cost: { nanodollars: 91_650_000, partial: false } } }
    : event,
);
const lastDay = { input: 210_000, output: 31_400, cacheRead: 1_480_000, cacheWrite: 96_000, cost: { nanodollars: 4_217_300_000, partial: true } };

const nearLimit = { tokens: 864_000, limit: 1_000_000, endsAt: Date.now() + 10_800_000 };

const shots: Shot[] = [
  { ...desk, name: "window-light" },
  { ...desk, name: "window-dark", scheme: "dark" },
  { ...desk, name: "window-900", width: 900, height: 600 },
  { ...desk, name: "window-700", width: 700, height: 600 },
  { ...desk, name: "window-empty", events: [], hello: { sessions: [], documents: [] } },
  { ...desk, name: "window-stopped", events: [], hello: { ...desk.hello, view: { ...view, stopped, organisation } } },
  { ...excel, name: "pane-excel-stopped", width: 320, events: [], hello: { ...excel.hello, view: { ...view, stopped, organisation } }, then: seesStopped },
  { ...desk, name: "window-sign-in", events: [], hello: { ...desk.hello, view: { ...view, stopped: awaited, bootstrap: signIn } } },
  { ...desk, name: "window-model-sign-in", events: [], hello: { ...desk.hello, view: { ...view, signIn: toSignIn } } },
  { ...desk, name: "window-model-sign-in-ends", hello: { ...desk.hello, view: { ...view, signIn: endsSoon } } },
  { ...excel, name: "pane-model-sign-in-code-320", width: 320, height: 800, events: [], hello: { ...excel.hello, view: { ...view, signIn: modelCode } }, then: seesCode },
  { ...excel, name: "pane-model-sign-in-elsewhere-320", width: 320, height: 800, events: [], hello: { ...excel.hello, view: { ...view, signIn: codeElsewhere } }, then: seesElsewhere },
  { ...desk, name: "window-settings-lost", events: [], hello: { ...desk.hello, view: { ...view, bootstrap: lost } } },
  { ...desk, name: "window-settings-consent", events: [], hello: { ...desk.hello, view: { ...view, bootstrap: asks } } },
  { ...excel, name: "pane-sign-in-code-320", width: 320, height: 800, events: [], hello: { ...excel.hello, view: { ...view, stopped: awaited, bootstrap: code } }, then: seesCode },
  { ...excel, name: "pane-sign-in-code-dark", width: 360, height: 800, scheme: "dark", events: [], hello: { ...excel.hello, view: { ...view, stopped: awaited, bootstrap: code } }, then: seesCode },
  { ...excel, name: "pane-token-limit-320", width: 320, height: 800, hello: { ...excel.hello, view: { ...view, usage: nearLimit } }, then: seesUsage },
  { ...desk, name: "window-models", events: [], hello: { ...desk.hello, view: { ...view, ...offered } }, then: opensModels },
  { ...desk, name: "window-models-dark", scheme: "dark", hello: { ...desk.hello, view: { ...view, ...offered } }, then: choosesModel },
  { ...excel, name: "pane-models-320", width: 320, height: 800, hello: { ...excel.hello, view: { ...view, ...offered } }, then: opensModels },
  { ...excel, name: "pane-models-contrast", width: 360, height: 800, scheme: "dark", contrast: true, hello: { ...excel.hello, view: { ...view, ...offered } }, then: opensModels },
  { ...excel, name: "pane-promise", width: 360, height: 800, events: [], hello: { ...excel.hello, view: { ...view, ...offered } }, then: seesPromise },
  { ...desk, name: "window-cost", events: pricedTurn, hello: { ...desk.hello, view: { ...view, lastDay } }, then: opensUsage },
  { ...desk, name: "window-cost-dark", scheme: "dark", events: pricedTurn, hello: { ...desk.hello, view: { ...view, lastDay, usage: nearLimit } }, then: seesUsage },
  { ...excel, name: "pane-cost-320", width: 320, height: 800, events: pricedTurn, hello: { ...excel.hello, view: { ...view, lastDay } }, then: opensUsage },
  { ...excel, name: "pane-cost-contrast", width: 360, height: 800, scheme: "dark", contrast: true, events: pricedTurn, hello: { ...excel.hello, view: { ...view, lastDay } }, then: opensUsage },
  { ...desk, name: "window-earlier-sessions", events: [], hello: { ...desk.hello, view: { ...view, earlierSessions: true } } },
  { ...desk, name: "window-files", events: [], hello: { sessions: [], documents: files } },
  { ...desk, name: "window-files-dark", scheme: "dark", events: [], hello: { sessions: [], documents: files } },
  { ...excel, name: "pane-excel-light", width: 360 },
  { ...excel, name: "pane-excel-dark", width: 360, scheme: "dark" },
  { ...excel, name: "pane-excel-320", width: 320 },
  { ...excel, name: "pane-excel-420", width: 420 },
  { ...excel, name: "pane-excel-contrast", width: 360, scheme: "dark", contrast: true },
  { ...excel, name: "pane-excel-changes", width: 360, height: 800, events: workingTurn, tab: "Changes" },
  { ...slides, name: "pane-powerpoint-light" },
  { ...slides, name: "pane-powerpoint-dark", scheme: "dark" },
  { ...desk, name: "window-search", then: searches },
  { ...desk, name: "window-rtl", direction: "rtl" },
  { ...desk, name: "window-900-switcher", width: 900, height: 600, then: opensSwitcher },
  { ...excel, name: "pane-error", width: 360, height: 800, then: fails },
  { ...excel, name: "pane-menu", width: 360, height: 800, then: opensModes },
  { ...file, name: "pane-file-question", width: 360 },
  { ...file, name: "pane-file-question-320", width: 320, scheme: "dark" },
  { ...file, name: "pane-file-question-contrast", width: 360, scheme: "dark", contrast: true },
  { ...file, name: "pane-file-edit", width: 360, events: asked(editRequest) },
  { ...file, name: "pane-files-changed", width: 360, events: fileTurn },
  { ...file, name: "pane-permissions", width: 360, then: opensPermissions },
  { ...desk, name: "window-file-question-rtl", direction: "rtl", events: asked(fileRequest) },
  { ...desk, name: "window-files-changed", events: folderTurn },
  { ...file, name: "pane-instructions", width: 360, then: opensInstructions },
  { ...desk, name: "window-instructions", events: workingTurn, then: opensInstructions },
  { ...desk, name: "window-instructions-dark", scheme: "dark", events: workingTurn, then: opensInstructions },
  { ...desk, name: "window-permissions", events: asked(fileRequest), then: opensPermissions },
  { ...desk, name: "window-permissions-dark", scheme: "dark", events: asked(editRequest), then: opensPermissions },
  { ...desk, name: "window-folder-question", events: asked(folderRequest) },
  { ...desk, name: "window-folder-question-dark", scheme: "dark", events: asked(folderRequest), then: namesAnother },
  { ...file, name: "pane-folder-question-320", width: 320, events: asked(folderRequest) },
  { ...file, name: "pane-folder-question-dark", width: 360, scheme: "dark", events: asked(folderRequest) },
  { ...desk, name: "window-folder-question-rtl", direction: "rtl", events: asked(folderRequest), then: namesAnother },
  { ...desk, name: "window-attach", native: true, then: opensAttach },
  { ...desk, name: "window-attach-dark", native: true, scheme: "dark", then: opensAttach },
  { ...desk, name: "window-drop", then: holdsFiles },
  { ...desk, name: "window-drop-dark", scheme: "dark", then: holdsFiles },
  { ...file, name: "pane-drop-320", width: 320, then: holdsFiles },
  { ...file, name: "pane-command-question", width: 360, events: asked(commandRequest) },
  { ...file, name: "pane-command-question-320", width: 320, height: 1100, events: asked(hostileRequest), then: showsHosts },
  { ...file, name: "pane-command-question-dark", width: 360, height: 1100, scheme: "dark", events: asked(hostileRequest) },
  { ...file, name: "pane-command-question-contrast", width: 360, scheme: "dark", contrast: true, events: asked(commandRequest) },
  { ...desk, name: "window-command-question", events: asked(hostileRequest) },
  { ...desk, name: "window-command-question-rtl", direction: "rtl", events: asked(hostileRequest) },
  { ...file, name: "pane-command", width: 360, events: commandTurn },
  { ...file, name: "pane-command-320", width: 320, height: 1400, events: commandTurn, then: showsSeen },
  { ...file, name: "pane-command-dark", width: 360, height: 1400, scheme: "dark", events: commandTurn, then: showsSeen },
  { ...desk, name: "window-command", height: 1100, events: commandTurn, then: showsSeen },
  { ...desk, name: "window-command-rtl", height: 1100, direction: "rtl", events: commandTurn, then: showsSeen },
  { ...file, name: "pane-background", width: 360, events: backgroundTurn, then: opensBackground },
  { ...file, name: "pane-background-320-dark", width: 320, scheme: "dark", events: backgroundTurn, then: opensBackground },
  { ...desk, name: "window-background", events: backgroundTurn, then: opensBackground },
  { ...desk, name: "window-background-contrast", scheme: "dark", contrast: true, events: backgroundTurn, then: opensBackground },
  { ...desk, name: "window-sandbox", events: [], then: opensSandbox("Sandbox: virtual machine") },
  { ...desk, name: "window-sandbox-unavailable", scheme: "dark", events: [], hello: { ...desk.hello, view: { ...view, sandbox: "unavailable", sandboxFault } }, then: opensSandbox("Sandbox: unavailable") },
  { ...excel, name: "pane-sandbox-emulated-320", width: 320, height: 800, events: [], hello: { ...excel.hello, view: { ...view, sandbox: "vmEmulated" } }, then: opensSandbox("Sandbox: slower VM") },
  { ...excel, name: "pane-sandbox-unavailable-320", width: 320, height: 800, events: [], hello: { ...excel.hello, view: { ...view, sandbox: "unavailable", sandboxFault } }, then: opensSandbox("Sandbox: unavailable") },
  { ...desk, name: "window-act-locked", then: opensLockedMode },
  { ...config, name: "configuration-light", then: seesPadlock },
  { ...config, name: "configuration-dark", scheme: "dark", then: seesPadlock },
  { ...config, name: "configuration-contrast", scheme: "dark", contrast: true, then: opensOwn },
  { ...config, name: "configuration-own", height: 1800, then: opensOwn },
  { ...config, name: "configuration-900", width: 900, height: 600, then: changesSettings },
  { ...config, name: "configuration-700", width: 700, height: 600, then: opensOwn },
  { ...config, name: "configuration-workspace", height: 1400, then: opens("Workspace") },
  { ...config, name: "configuration-connectors", then: opens("Connectors & extensions") },
  { ...config, name: "configuration-plugins", then: opens("Plugins & skills") },
  { ...config, name: "configuration-telemetry", height: 1700, then: showsRecords },
  { ...config, name: "configuration-usage", then: opens("Usage limits") },
  { ...config, name: "configuration-appearance", then: opens("Appearance") },
  { ...config, name: "configuration-egress", then: opens("Egress requirements") },
  { ...config, name: "configuration-source", height: 2200, then: imports },
  { ...config, name: "configuration-source-dark", height: 2200, scheme: "dark", then: imports },
  { ...config, name: "configuration-search", then: searchesSettings },
  { ...config, name: "configuration-rtl", direction: "rtl", then: changesSettings },
  { ...config, name: "configuration-test", then: testsConnection },
  { ...config, name: "configuration-test-running", then: seesTestRun },
  { ...config, name: "configuration-test-dark", scheme: "dark", then: testsConnection },
  { ...config, name: "configuration-test-contrast", scheme: "dark", contrast: true, then: testsConnection },
  { ...config, name: "configuration-test-700", width: 700, height: 800, then: testsConnection },
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
    .answer("bootstrap/show", () => ({ values: [{ key: "inferenceGatewayBaseUrl", value: "https://settings.example.com/ai" }, { key: "otlpHeadersHelper", value: "/usr/local/bin/headers" }], digest: "d" }))
    .answer("figure/check", () => ({ figures }))
    .answer("diagnostics/show", () => ({ categories: recorded }))
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
  await page.addInitScript((direction) => {
    document.addEventListener("readystatechange", () => {
      document.documentElement.dir = direction;
    });
  }, shot.direction ?? "ltr");
  if (shot.native) {
    await page.addInitScript(() => {
      Object.assign(window, { ipc: { postMessage: () => undefined } });
    });
  }
  service
    .answer("configuration/get", () => answers.managed)
    .answer("configuration/check", ({ changes }) => checkOf(answers.managed, changes));
  await page.goto(`${origin}/${shot.page}/#token=token${shot.place === undefined ? "" : `&${shot.place}`}`);
  if (shot.place === undefined) {
    await page.getByLabel("Prompt", { exact: true }).waitFor();
  } else {
    await page.getByRole("heading", { name: "Connection", level: 1 }).waitFor();
  }
  if (shot.events.length > 0) {
    await page.locator(".own-message").first().waitFor();
  }
  if (shot.tab !== undefined) {
    await page.getByRole("tab", { name: shot.tab }).click();
  }
  await shot.then?.(page, service);
  await page.evaluate(() => document.fonts.ready);
  return { page, faults };
}

async function searches(page: Page, service: FakeService): Promise<void> {
  const hit = { session: SESSION, title: "Q3 revenue by region", seq: 9, at: NOW - 60_000 };
  service.answer("session/search", () => ({
    hits: [{ ...hit, excerpt: "…Three typed totals on Summary disagree with…" }],
  }));
  await page.keyboard.press("Control+k");
  await page.keyboard.type("totals");
  await page.getByText("1 place found").waitFor();
}

async function showsRecords(page: Page): Promise<void> {
  await opens("Telemetry & updates")(page);
  await page.getByText("Show the newest 2 of 412").click();
}

async function opensSwitcher(page: Page): Promise<void> {
  await page.keyboard.press("Control+k");
  await page.getByRole("searchbox").waitFor();
}

async function opensModels(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^Model: / }).click();
  await page.getByRole("menuitemradio", { name: /^Claude Haiku/ }).waitFor();
}

async function choosesModel(page: Page): Promise<void> {
  await opensModels(page);
  await page.getByRole("menuitemradio", { name: /worldwide/ }).click();
  await page.getByRole("button", { name: /^Model: Claude Sonnet 4.5 worldwide/ }).waitFor();
}

async function seesPromise(page: Page): Promise<void> {
  await page.getByText(offered.promise).waitFor();
}

async function opensModes(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^How much/ }).click();
  await page.getByRole("menuitemradio", { name: /Read only/ }).waitFor();
}

async function opensPermissions(page: Page, service: FakeService): Promise<void> {
  service.answer("permission/grants", () => ({ grants }));
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: "Permissions" }).click();
  await page.getByText("Make new files").waitFor();
}

async function opensInstructions(page: Page, service: FakeService): Promise<void> {
  service.answer("instructions/list", () => instructions);
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: "Instructions" }).click();
  await page.getByText("Your organisation", { exact: true }).waitFor();
}

async function namesAnother(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Another folder" }).click();
  await page.getByLabel("Path of the folder").fill("/data/Archive/2024");
}

async function opensAttach(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Attach a document or folder" }).click();
  await page.getByRole("button", { name: "Choose folders…" }).waitFor();
}

async function holdsFiles(page: Page): Promise<void> {
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["x"], "Plan.xlsx"));
    document.body.dispatchEvent(new DragEvent("dragover", { bubbles: true, cancelable: true, dataTransfer }));
  });
  await page.locator(".drop-target").waitFor();
}

async function showsHosts(page: Page): Promise<void> {
  await page.getByRole("button", { name: words.sandbox.showHosts }).click();
}

/** What was seen of the command and what it answered, both unfolded. */
async function showsSeen(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^2 programs/ }).click();
  await page.getByRole("button", { name: "Details: Ran" }).click();
  await page.getByText("214 lines compared").waitFor();
}

function opensSandbox(says: string): (page: Page) => Promise<void> {
  return async (page) => {
    await page.getByRole("button", { name: words.sandbox.badge(says) }).click();
    await page.locator(".surface.popover").waitFor();
  };
}

async function opensLockedMode(page: Page, service: FakeService): Promise<void> {
  service.notify("service/changed", { ...view, actLocked: true });
  await page.getByRole("button", { name: /^How much/ }).click();
  await page.screenshot({ path: `${OUT}/window-act-locked-menu.png` });
  await page.getByRole("menuitemradio", { name: /^Act/ }).click();
  await page.getByText("Set by your organisation").waitFor();
}

const go = (page: Page, name: string): Promise<void> =>
  page.getByRole("navigation").getByRole("button", { name, exact: true }).click();

function opens(name: string): (page: Page) => Promise<void> {
  return async (page) => {
    await go(page, name);
    await page.getByRole("heading", { name, level: 1 }).waitFor();
  };
}

async function seesPadlock(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Inference gateway base URL is set by your organisation: reason" }).click();
  await page.getByText("Requests stay on our own network.").waitFor();
}

/** The settings of a computer that nobody manages, with a change and a mistake in the draft. */
async function opensOwn(page: Page, service: FakeService): Promise<void> {
  service
    .answer("configuration/get", () => answers.own)
    .answer("configuration/check", ({ changes }) => checkOf(answers.own, changes));
  await page.getByRole("button", { name: "Back to the sessions" }).click();
  await page.getByRole("button", { name: "Configuration" }).click();
  await page.getByRole("textbox", { name: "Inference gateway base URL" }).fill("ftp://gateway.example.com");
  await page.getByText("Correct", { exact: false }).or(page.getByText("not applied yet")).first().waitFor();
}

async function testsConnection(page: Page, service: FakeService): Promise<void> {
  service.answer("provider/test", () => failing);
  await page.getByRole("button", { name: "Test connection" }).click();
  await page.getByText("The connection does not work").waitFor();
}

async function seesTestRun(page: Page, service: FakeService): Promise<void> {
  await page.getByRole("button", { name: "Test connection" }).click();
  await page.getByText("Name (DNS)").waitFor();
  service.notify("provider/tested", name);
  service.notify("provider/tested", direct);
  await page.getByText("Connection (TLS)").waitFor();
}

async function changesSettings(page: Page, service: FakeService): Promise<void> {
  service.answer("configuration/check", ({ changes }) => checkOf(answers.managed, changes));
  await page.getByLabel("Inference stream idle timeout").fill("400");
  await page.getByText("1 change not applied yet").waitFor();
}

async function imports(page: Page, service: FakeService): Promise<void> {
  const differences = [
    { key: "inferenceGatewayBaseUrl", line: 3, sentence: "Fixed by your organisation: not taken over." },
    { key: "noSuchKey", line: 7, sentence: "Not taken over: no such key." },
  ];
  service.answer("configuration/import", () => ({ changes: { deskhandMaxStepsPerTurn: 60 }, differences, reaches: [] }));
  await go(page, "Source");
  await page.getByLabel("Or paste its text").fill("{}");
  await page.getByRole("button", { name: "Take over the text" }).click();
  await page.getByText("2 things are not taken over").waitFor();
}

async function searchesSettings(page: Page): Promise<void> {
  await page.keyboard.press("Control+k");
  await page.keyboard.type("folder");
  await page.getByRole("heading", { name: /found for/ }).waitFor();
}

async function seesUsage(page: Page): Promise<void> {
  await page.getByRole("button", { name: "86% of the token limit" }).click();
  await page.getByText("864,000 of 1,000,000 tokens are used, in all sessions.").waitFor();
}

async function opensUsage(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^Tokens used by this session/ }).click();
  await page.getByText("Last 24 hours, all sessions").waitFor();
}

async function fails(page: Page, service: FakeService): Promise<void> {
  const usage = { input: 18_400, output: 1_210, cacheRead: 0, cacheWrite: 0 };
  const ended: EventBody = { type: "turnEnded", turn: "turn-1", outcome: { failed: userError("INF_TIMEOUT") }, usage };
  service.events(SESSION, numbered([ended], waitingTurn.length + 1));
  await page.getByText("The model provider did not answer in time.").first().waitFor();
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
    const { violations } = await axe.run({ exclude: ["[data-tabster-dummy]", ".fui-MenuPopover"] });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ""}`),
    );
  });
}

describe("a pane without a token", () => {
  it("shows the number to compare", async () => {
    const page = await browser.newPage({ viewport: { width: 360, height: 560 }, deviceScaleFactor: 2 });
    const service = new FakeService().answer("pairing/begin", () => ({
      ...{ pairing: "p", number: "483201", expiresAt: NOW + 120_000 },
    }));
    await page.clock.setFixedTime(NOW);
    await script(page, service);
    await page.goto(`${origin}/excel/`);
    await page.getByRole("heading", { name: "Connect this pane" }).waitFor();
    await page.screenshot({ path: `${OUT}/pane-pairing.png` });
    expect(await axeFindings(page)).toEqual([]);
    await page.close();
  });
});
