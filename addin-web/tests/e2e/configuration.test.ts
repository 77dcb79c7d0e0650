// The configuration window on the real service: a draft that is applied is in force a moment later in the same window, what
// the organisation fixes says so, and settings leave as files.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shots, Stage } from "./stage.ts";

const SCRIPT = join(import.meta.dirname, "configuration.yaml");
const STEPS = "Deskhand max steps per turn";

async function opened(set: Stage): Promise<Page> {
  const page = await set.window();
  await page.getByRole("button", { name: "Configuration" }).click();
  await page.getByRole("heading", { name: "Connection", level: 1 }).waitFor();
  return page;
}

const go = (page: Page, name: string): Promise<void> =>
  page.getByRole("navigation").getByRole("button", { name, exact: true }).click();

/** What the terminal says of a key that is in force. */
function inForce(set: Stage, key: string): unknown {
  const { keys } = JSON.parse(set.service.run(["policy", "--json", "show", "--all"])) as {
    keys: { key: string; value: unknown }[];
  };
  return keys.find((row) => row.key === key)?.value;
}

describe("on a computer that nobody manages", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.set(SCRIPT, () => []);
  });

  afterAll(() => stage.strike());

  it("a person changes settings, and the service goes on under them", async () => {
    const page = await opened(stage);
    await page.getByRole("button", { name: "Test connection" }).click();
    await page.getByText(/The connection works/).waitFor();
    await page.getByText("The gateway lists 1 model.").waitFor();
    await page.getByRole("textbox", { name: "Inference gateway base URL" }).fill("ftp://gateway.example.com");
    await page.getByText("Correct 1 setting first.").waitFor();
    await page.getByRole("button", { name: /^Take back the change/ }).click();

    await go(page, "Usage limits");
    await page.getByRole("textbox", { name: STEPS }).fill("70");
    await page.getByText(`1 change not applied yet: ${STEPS}: 100 to 70.`).waitFor();
    await page.screenshot({ path: join(shots, "configuration-draft.png") });
    const again = page.waitForEvent("websocket");
    await page.getByRole("button", { name: "Apply", exact: true }).click();
    await page.getByRole("contentinfo").getByText(/Applied|No changes/).waitFor();
    expect(inForce(stage, "deskhandMaxStepsPerTurn")).toBe(70);

    // The service starts anew under them; the window finds it again by itself, with the key that it has, and does what was
    // asked for meanwhile.
    await again;
    await go(page, "Usage limits");
    await page.getByRole("button", { name: `Use the default: ${STEPS}` }).waitFor();
    expect(await page.getByRole("textbox", { name: STEPS }).inputValue()).toBe("70");
    await go(page, "Source");
    await page.getByRole("button", { name: "Save: JSON", exact: true }).click();
    const saved = join(stage.service.home, "Downloads/managed-settings.json");
    await page.getByText(`Saved as ${saved}`).waitFor();
    const file = readFileSync(saved, "utf8");
    expect(JSON.parse(file)).toMatchObject({ deskhandMaxStepsPerTurn: 70, inferenceProvider: "gateway" });
    expect(file).not.toContain("standin-key");
    expect(stage.trouble.filter((line) => !/WebSocket|ERR_CONNECTION/.test(line))).toEqual([]);
  });

});

describe("under an administrator's settings", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.set(
      SCRIPT,
      () => [],
      () => ({
        deskhandManagedReason: "Requests stay on our own network.",
        deskhandManagedContact: "it-help@example.com",
        deskhandUserMaySet: ["deskhandMaxStepsPerTurn"],
      }),
    );
  });

  afterAll(() => stage.strike());

  it("what is fixed says who, why and whom to ask, and what is open is set", async () => {
    const page = await opened(stage);
    const address = page.getByRole("textbox", { name: "Inference gateway base URL" });
    expect(await address.isEditable()).toBe(false);
    await page.getByRole("button", { name: "Inference gateway base URL is set by your organisation: reason" }).press("Enter");
    await page.getByText("“Requests stay on our own network.”").waitFor();
    await page.getByText("it-help@example.com").first().waitFor();
    await page.screenshot({ path: join(shots, "configuration-managed.png") });
    await page.keyboard.press("Escape");
    await go(page, "Usage limits");
    await page.getByRole("textbox", { name: STEPS }).fill("30");
    await page.getByRole("button", { name: "Apply", exact: true }).click();
    await expect.poll(() => inForce(stage, "deskhandMaxStepsPerTurn"), { timeout: 30_000 }).toBe(30);
  });
});
