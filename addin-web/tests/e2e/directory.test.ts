// A folder that the model asks for: attached in the window while the pane looks on, over a restart; denied in the pane; refused
// unasked where the organisation does not allow it; and named by the person.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Frame, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { drawWorkbook, said, send, shots, Stage } from "./stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.set(
    join(import.meta.dirname, "directory.yaml"),
    (files) => {
      for (const folder of ["Archive/2025", "Plans", "Salaries"]) {
        mkdirSync(join(files, folder), { recursive: true });
        writeFileSync(join(files, folder, "notes.txt"), "Revenue was 4 million.\n");
      }
      const workbook = join(files, "Rates.xlsx");
      drawWorkbook(workbook);
      return [{ path: workbook, pane: "excel" }];
    },
    (files) => ({
      allowedWorkspaceFolders: [{ path: join(files, "Archive"), mode: "ro" }, join(files, "Plans")],
    }),
  );
});

afterAll(async () => {
  await stage.strike();
});

const card = (front: Page | Frame): Locator => front.locator("[data-approval]");
const button = (front: Page | Frame, name: string): Locator => card(front).getByRole("button", { name, exact: true });
const chip = (front: Page | Frame, name: string): Locator => front.locator(".chips .chip", { hasText: name });
const picture = async (page: Page, name: string): Promise<void> => {
  await page.screenshot({ path: join(shots, `directory-${name}.png`) });
};

async function choices(front: Page | Frame): Promise<string[]> {
  return card(front).getByRole("group", { name: "Answers" }).getByRole("button").allInnerTexts();
}

test("a folder is attached as a person says and never as the model does", async (context) => {
  context.onTestFailed(async () => {
    console.log("The gateway did not expect:", JSON.stringify(await stage.gateway.unexpected(), null, 1).slice(-4000));
  });
  const first = await stage.window();
  const { page, pane } = await stage.open(0, first);
  const window = await attachesOverRestart(first, page, pane);
  context.onTestFailed(() => picture(window, "failed"));
  await deniesInThePane(window, pane);
  await isRefusedUnasked(window);
  await namesAnother(window, page, pane);
  expect(await stage.gateway.unexpected()).toEqual([]);
  // While the service was away, its pages said so.
  expect(stage.trouble.filter((said) => !said.includes("ERR_CONNECTION_REFUSED"))).toEqual([]);
});

/** Answers the window's page that was opened after the restart. */
async function attachesOverRestart(before: Page, page: Page, pane: Frame): Promise<Page> {
  const folder = join(stage.folder, "Archive/2025");
  await send(before, `All my files are in ${stage.folder}. Please compare with last year`);
  await card(before).getByText(folder, { exact: true }).waitFor();
  await stage.service.kill();
  await stage.service.start();
  await before.close();
  const window = await stage.window();
  for (const front of [window, pane]) {
    const shown = card(front);
    await shown.getByText(folder, { exact: true }).waitFor();
    await shown.getByText("To be read only").waitFor();
    await shown.getByText("to compare this year with the one before").waitFor();
    await shown.getByText("has read what others may have written").waitFor();
  }
  expect(await choices(window)).toEqual(["Attach", "Another folder", "Deny"]);
  expect(await choices(pane)).toEqual(["Attach", "Deny"]);
  await picture(window, "asked");
  await picture(page, "asked-pane");
  expect(await chip(window, "2025").count()).toBe(0);
  await button(window, "Attach").click();
  await said(window, "There is one file of last year.");
  await window.getByText("Found 1 file").first().waitFor();
  await chip(window, "2025").getByText("read only").waitFor();
  await chip(pane, "2025").getByText("read only").waitFor();
  await pane.getByText(/Allowed in the window, \d\d:\d\d/).first().waitFor();
  await picture(window, "attached");
  return window;
}

async function deniesInThePane(window: Page, pane: Frame): Promise<void> {
  await send(window, "Please look at the plans");
  await card(window).getByText("To be read and changed").waitFor();
  await button(pane, "Deny").click();
  await window.getByText(/You said no in Excel, \d\d:\d\d/).first().waitFor();
  await said(window, "Then I go on without the plans.");
  expect(await chip(window, "Plans").count()).toBe(0);
}

async function isRefusedUnasked(window: Page): Promise<void> {
  await send(window, "Please read the salaries");
  await said(window, "Your organisation does not allow that folder.");
  await window.getByText("Not allowed by your organisation").first().waitFor();
  // The two that were asked about are settled, and no third was asked.
  expect(await window.locator(".settled").count()).toBe(2);
  expect(await card(window).count()).toBe(0);
  expect(await chip(window, "Salaries").count()).toBe(0);
  await picture(window, "refused");
}

async function namesAnother(window: Page, page: Page, pane: Frame): Promise<void> {
  await send(window, "Please ask for whatever folder you like");
  await card(pane).getByText("Choose the folder in the Deskhand window.").waitFor();
  expect(await choices(pane)).toEqual(["Deny"]);
  await picture(page, "unnamed-pane");
  const field = card(window).getByLabel("Path of the folder");
  await field.fill(join(stage.folder, "Salaries"));
  await picture(window, "unnamed");
  await button(window, "Attach this folder").click();
  await window.getByText("Your organisation does not allow this folder.").first().waitFor();
  await picture(window, "unnamed-refused");
  expect(await chip(window, "Salaries").count()).toBe(0);
  await field.fill(join(stage.folder, "Plans"));
  await button(window, "Attach this folder").click();
  await said(window, "The folder that you chose is attached.");
  await chip(pane, "Plans").first().waitFor();
  await pane.getByText(/Another folder was attached/).getByText(join(stage.folder, "Plans")).waitFor();
  await picture(window, "named");
}
