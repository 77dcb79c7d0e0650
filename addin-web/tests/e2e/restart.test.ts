// The service is killed in the middle, and panes are loaded anew at the worst moment: the analyst goes on where it stopped,
// and nothing is done twice.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { python } from "../support/python.ts";
import { choose, drawWorkbook, said, send, Stage } from "./stage.ts";

let workbook: string;
let stage: Stage;

beforeAll(async () => {
  stage = await Stage.set(join(import.meta.dirname, "story.yaml"), (folder) => {
    workbook = join(folder, "Sales.xlsx");
    drawWorkbook(workbook);
    return [{ path: workbook, pane: "excel" }];
  });
});

afterAll(async () => {
  await stage.strike();
});

test("a killed service and a reloaded pane lose nothing and do nothing twice", async (context) => {
  context.onTestFailed(async () => {
    console.log("The gateway did not expect:", JSON.stringify(await stage.gateway.unexpected(), null, 1).slice(-4000));
  });
  const window = await stage.window();
  const { page, pane } = await stage.open(0, window);
  // The first change is done, and the pane goes away before it can say so.
  await stage.host(0).reloadPaneBeforeAnswer();
  await send(pane, "Please summarise revenue by region on a new sheet with formulas and a chart");
  await choose(window, "Please summarise revenue by region");
  await window.getByRole("button", { name: "Allow once" }).waitFor();

  await stage.service.kill();
  await stage.service.start();
  const again = await (await page.waitForSelector("#pane iframe")).contentFrame();
  if (again === null) {
    throw new Error("The pane has no frame.");
  }
  await again.getByRole("button", { name: "Allow once" }).click();
  await said(again, "Summary holds live formulas.");
  await stage.host(0).save();
  const saved = python<{ sheets: string[]; charts: number; note: string }>(
    `import openpyxl
w = openpyxl.load_workbook(path)
print(json.dumps({"sheets": w.sheetnames, "charts": len(w["Summary"]._charts), "note": w["Revenue"]["E1"].value}))`,
    workbook,
  );
  expect(saved).toEqual({ sheets: ["Revenue", "Summary"], charts: 1, note: "Summarised on Summary" });
  expect(await stage.gateway.unexpected()).toEqual([]);
});
