import { cleanup, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { userError } from "../../shared/src/client/rpc.ts";
import type { FigureCheck } from "../../shared/src/generated/protocol.ts";
import { open, type Opened } from "../page.tsx";
import { deck, figures, SESSION, workbook, workingTurn } from "../story.ts";

afterEach(cleanup);

async function shown(answer: readonly FigureCheck[] | "refused"): Promise<Opened> {
  const hello = { document: deck, documents: [deck, workbook] };
  const opened = await open({ kind: "powerpoint", events: workingTurn, hello });
  if (answer === "refused") {
    opened.service.refuse("figure/check", userError("DB_CORRUPT"));
  } else {
    opened.service.answer("figure/check", () => ({ figures: [...answer] }));
  }
  await opened.run(() => fireEvent.click(screen.getByRole("tab", { name: "Figures" })));
  return opened;
}

describe("figures", () => {
  it("are checked when the tab is opened, counts first", async () => {
    const { calls } = await shown(figures);
    expect(calls("figure/check")).toEqual([{ session: SESSION }]);
    expect(screen.getByRole("heading", { name: "3 figures checked" })).toBeTruthy();
    expect(screen.getByRole("img", { name: "1 matches, 1 changed, 1 not reached" })).toBeTruthy();
    expect(screen.getByRole("tab", { name: /^Figures\s*1$/ })).toBeTruthy();
  });

  it("show both values where the source changed, and say what could not be read", async () => {
    await shown(figures);
    const panel = screen.getByRole("tabpanel").textContent;
    expect(panel).toContain("When written1,204,500");
    expect(panel).toContain("In the source now1,248,300");
    expect(panel).toMatch(/Written .*\. Checked .*, \+3\.64%\./);
    expect(panel).toMatch(/The source cannot be read now\. It held 1,106,720, /);
  });

  it("fold what agrees until it is asked for", async () => {
    const { run } = await shown(figures);
    const fold = screen.getByRole("button", { name: "1 figure matches" });
    expect(screen.queryByText("Region South")).toBeNull();
    expect(fold.getAttribute("aria-expanded")).toBe("false");
    await run(() => fireEvent.click(fold));
    const row = screen.getByText("Region South").closest("li");
    expect(within(row ?? document.body).getByText("982,150")).toBeTruthy();
  });

  it("are not folded where all agree", async () => {
    await shown(figures.filter((figure) => figure.state === "match"));
    expect(screen.getByText("Region South")).toBeTruthy();
    expect(screen.getByRole("img", { name: "1 matches" })).toBeTruthy();
  });

  it("are checked again on request", async () => {
    const { run, service, calls } = await shown(figures);
    service.answer("figure/check", () => ({ figures: figures.map((figure) => ({ ...figure, state: "match" })) }));
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Check again" })));
    expect(calls("figure/check")).toHaveLength(2);
    expect(screen.getByRole("img", { name: "3 match" })).toBeTruthy();
  });

  it("stay as they are recorded when the check fails, and it can be asked for again", async () => {
    const { calls } = await shown("refused");
    expect(calls("figure/check")).toHaveLength(1);
    expect(screen.getByRole("heading", { name: "3 figures with their source" })).toBeTruthy();
    expect(screen.getByRole("button", { name: "Check again" })).toBeTruthy();
  });

  it("say that a value was never recorded", async () => {
    await shown(figures.map((figure) => ({ ...figure, then: null, now: null, state: "unreachable" })));
    expect(screen.getAllByText(/was not recorded, so it cannot be compared/)).toHaveLength(3);
  });
});
