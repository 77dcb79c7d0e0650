// What a person allows in a folder: once, not, for always; what is taken back; what was deleted and comes back; and a question
// that a restart of the service does not lose. What was written is looked up on disk.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Frame, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { drawWorkbook, said, send, shots, Stage } from "./stage.ts";

/** Bytes that no text editor would write by itself. */
const OLD = Buffer.from(`Drawn ${String(Math.random())}\r\n\tno end of line`, "utf8");
let stage: Stage;
let folder: string;

beforeAll(async () => {
  stage = await Stage.set(join(import.meta.dirname, "permissions.yaml"), (files) => {
    const workbook = join(files, "Rates.xlsx");
    drawWorkbook(workbook);
    return [{ path: workbook, pane: "excel" }];
  });
  folder = join(stage.folder, "Plans/2026");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "notes.txt"), "# Notes\n\nThe rate of May is 4%.\nNot checked.\n");
  writeFileSync(join(folder, "old.txt"), OLD);
});

afterAll(async () => {
  await stage.strike();
});

const file = (name: string): string => join(folder, name);
const card = (front: Page | Frame): Locator => front.locator("[data-approval]");
const button = (front: Page | Frame, name: string): Locator => card(front).getByRole("button", { name, exact: true });
const picture = async (page: Page, name: string): Promise<void> => {
  await page.screenshot({ path: join(shots, `permissions-${name}.png`) });
};

/** Waits for the card of a file and answers what can be chosen. */
async function asked(window: Page, name: string): Promise<string[]> {
  await card(window).getByText(file(name), { exact: true }).waitFor();
  return card(window).getByRole("group", { name: "Answers" }).getByRole("button").allInnerTexts();
}

async function attachFolder(window: Page): Promise<void> {
  await window.getByRole("button", { name: "Attach a document or folder" }).click();
  await window.getByLabel("Path of a document or folder").fill(join(stage.folder, "Plans"));
  await window.getByRole("button", { name: "Attach as a folder" }).click();
  await window.locator(".chip", { hasText: "Plans" }).first().waitFor();
}

async function openPermissions(front: Page | Frame): Promise<Locator> {
  await front.getByRole("button", { name: "More", exact: true }).click();
  await front.getByRole("menuitem", { name: "Permissions" }).click();
  const list = front.getByRole("dialog", { name: "Permissions" });
  await list.waitFor();
  return list;
}

test("files are written as the person allows it, and come back", async (context) => {
  context.onTestFailed(async () => {
    console.log("The gateway did not expect:", JSON.stringify(await stage.gateway.unexpected(), null, 1).slice(-4000));
  });
  const window = await stage.window();
  context.onTestFailed(() => picture(window, "failed"));
  await attachFolder(window);

  await deniesThenAlways(window);
  await revokes(window);
  await edits(window);
  await restores(window);
  expect(stage.trouble).toEqual([]);
  const again = await survivesRestart(window);
  await detaches(again);
  expect(await stage.gateway.unexpected()).toEqual([]);
});

async function deniesThenAlways(window: Page): Promise<void> {
  await send(window, "Please write a summary of the notes");
  expect(await asked(window, "summary.md")).toEqual([
    "Allow once",
    "Allow for this session",
    "Always in this folder",
    "Deny",
  ]);
  await card(window).getByText("Read before this: old.txt, notes.txt and 1 more").waitFor();
  await picture(window, "new-file");
  await button(window, "Show all").click();
  await picture(window, "read-before");
  await button(window, "Deny").click();
  await window.getByText("You said no, so I ask once more.").first().waitFor();
  await asked(window, "summary.md");
  expect(existsSync(file("summary.md"))).toBe(false);
  await button(window, "Always in this folder").click();
  await said(window, "The summary and the points are written.");
  expect(readFileSync(file("summary.md"), "utf8")).toBe("# Summary\n\nThe rate of May is 4%.\n");
  expect(readFileSync(file("points.md"), "utf8")).toBe("- 4% in May\n");
  await window.locator(".call", { hasText: "points.md" }).getByText("Always allowed here").waitFor();
  await window.getByText(/Always allowed in this folder, \d\d:\d\d/).first().waitFor();
  await picture(window, "always");
}

async function revokes(window: Page): Promise<void> {
  const list = await openPermissions(window);
  const row = list.getByRole("listitem");
  await row.getByText("Make new files").waitFor();
  expect(await row.innerText()).toContain(join(stage.folder, "Plans"));
  await picture(window, "list");
  await list.getByRole("button", { name: /^Revoke/ }).click();
  await list.getByText("Nothing is allowed for longer than once.").first().waitFor();
  await picture(window, "list-empty");
  await window.keyboard.press("Escape");
  await send(window, "Please write a third file");
  await asked(window, "third.md");
  expect(existsSync(file("third.md"))).toBe(false);
  await button(window, "Allow once").click();
  await said(window, "The third file is written.");
  expect(readFileSync(file("third.md"), "utf8")).toBe("third\n");
}

async function edits(window: Page): Promise<void> {
  await send(window, "Please correct the rate");
  await asked(window, "notes.txt");
  await card(window).getByText("The rate of May is 5%.").waitFor();
  await picture(window, "edit");
  await button(window, "Allow for this session").click();
  await said(window, "The notes say 5% now.");
  expect(readFileSync(file("notes.txt"), "utf8")).toBe("# Notes\n\nThe rate of May is 5%.\nNot checked.\n");
}

async function restores(window: Page): Promise<void> {
  await send(window, "Please remove the old file");
  expect(await asked(window, "old.txt")).toEqual(["Allow once", "Deny"]);
  await picture(window, "delete");
  await button(window, "Allow once").click();
  await said(window, "The old file is in the journal.");
  expect(existsSync(file("old.txt"))).toBe(false);
  const side = window.getByRole("complementary");
  await side.getByText("old.txt moved to the journal").first().waitFor();
  await picture(window, "deleted");
  await side.getByRole("button", { name: "Restore old.txt moved to the journal" }).click();
  await expect.poll(() => existsSync(file("old.txt")), { timeout: 30_000 }).toBe(true);
  expect(readFileSync(file("old.txt")).equals(OLD)).toBe(true);
  await side.getByText(/^restored \d\d:\d\d$/).first().waitFor();
  await picture(window, "restored");
}

/** Answers the window's page that was opened after the restart: an address holds for one run of the service. */
async function survivesRestart(before: Page): Promise<Page> {
  const { page, pane } = await stage.open(0, before);
  await send(before, "Please write a fourth file");
  await asked(before, "fourth.md");
  await stage.service.kill();
  await stage.service.start();
  await before.close();
  const window = await stage.window();
  await card(pane).getByText(file("fourth.md"), { exact: true }).waitFor();
  await asked(window, "fourth.md");
  expect(existsSync(file("fourth.md"))).toBe(false);
  await picture(page, "pane");
  await button(pane, "Allow once").click();
  await window.getByText(/Allowed in Excel, \d\d:\d\d/).first().waitFor();
  await said(window, "The fourth file is written.");
  expect(readFileSync(file("fourth.md"), "utf8")).toBe("fourth\n");
  const list = await openPermissions(pane);
  await list.getByText("This session").first().waitFor();
  await picture(page, "pane-list");
  await page.keyboard.press("Escape");
  await picture(window, "elsewhere");
  return window;
}

async function detaches(window: Page): Promise<void> {
  await window.getByRole("button", { name: "Remove Plans" }).click();
  await expect.poll(() => window.locator(".chip", { hasText: "Plans" }).count()).toBe(0);
  await picture(window, "detached");
}
