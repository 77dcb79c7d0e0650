// Commands that run in the background: the quiet line, its list, and how one is ended.
import { cleanup, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import type { CommandEnd, EventBody, RunningCommand } from "../../shared/src/generated/protocol.ts";
import { fold } from "../../shared/src/session/fold.ts";
import { emptyModel } from "../../shared/src/session/model.ts";
import { background, backgroundRunning, backgroundTurn } from "../commands.ts";
import { open } from "../page.tsx";
import { numbered, SESSION } from "../story.ts";

afterEach(cleanup);

const ended = (command: string, by: CommandEnd): EventBody => ({
  ...{ type: "commandEnded", command, call: "call-left", by, how: "stopped" },
});

async function opened(kind: "window" | "excel" = "excel", commands: readonly RunningCommand[] = backgroundRunning) {
  const page = await open({ kind, events: backgroundTurn });
  page.service.answer("command/list", () => ({ commands: [...commands] })).answer("command/end", () => ({ ended: true }));
  return page;
}

const line = (): HTMLElement => screen.getByRole("button", { name: "2 commands run in the background" });

describe("commands in the background", () => {
  it("are a line of their own in each front end, and none without any", async () => {
    for (const kind of ["window", "excel"] as const) {
      await opened(kind);
      expect(line().getAttribute("aria-expanded")).toBe("false");
      cleanup();
    }
    await open({ kind: "excel" });
    expect(screen.queryByText(/in the background/)).toBeNull();
  });

  it("are listed with how long they run and what they wrote last", async () => {
    const { run, calls } = await opened();
    expect(calls("command/list")).toEqual([]);
    await run(() => fireEvent.click(line()));
    expect(calls("command/list")).toEqual([{ session: SESSION }]);
    const rows = within(screen.getByRole("list", { name: "Commands in the background" })).getAllByRole("listitem");
    expect(rows).toHaveLength(2);
    expect(rows[0]?.textContent).toContain("python3 reconcile.py --all");
    expect(rows[0]?.textContent).toMatch(/\d+ min \d+ s/);
    expect(rows[0]?.textContent).toContain("March: 40 of 210 lines agree · 18 KB");
    expect(rows[1]?.textContent).toContain("No output yet");
  });

  it("show nothing that turns the direction of reading as such", async () => {
    const hostile = backgroundRunning.map((one) => ({ ...one, lastLine: "see \u202exslx.emoc\u202c" }));
    const { run } = await opened("excel", hostile);
    await run(() => fireEvent.click(line()));
    expect(screen.getAllByText("see ‹U+202E›xslx.emoc‹U+202C›")).toHaveLength(2);
  });

  it("are ended one by one, and the button says that it was pressed", async () => {
    const { run, calls, service } = await opened();
    await run(() => fireEvent.click(line()));
    const end = screen.getByRole("button", { name: "End: python3 reconcile.py --all" });
    await run(() => fireEvent.click(end));
    expect(calls("command/end")).toEqual([{ session: SESSION, command: background[0]?.id }]);
    expect(end.textContent).toBe("Ending");
    await run(() => fireEvent.click(end));
    expect(calls("command/end")).toHaveLength(1);
    await run(() => {
      const at = backgroundTurn.length + 1;
      const event = { ...ended(background[0]?.id ?? "", { person: "excel" }), seq: at, at, version: 1 };
      service.events(SESSION, [event]);
    });
    expect(screen.getByRole("button", { name: "1 command runs in the background" })).toBeTruthy();
    expect(screen.getByText("Ended by you:").textContent).toContain("python3 reconcile.py --all");
  });

  it("can be ended again where the service refused to, and the reason is shown", async () => {
    const { run, service } = await opened();
    service.refuse("command/end", { code: "SRV_INTERNAL", happened: "It failed.", kept: "", action: "" });
    await run(() => fireEvent.click(line()));
    const end = screen.getByRole("button", { name: "End: tail -f /tmp/rates.log" });
    await run(() => fireEvent.click(end));
    expect(end.textContent).toBe("End");
    expect(screen.getByText("It failed.")).toBeTruthy();
  });

  it("are shown as far as the log knows them where the service does not answer", async () => {
    const { run, service } = await opened();
    service.refuse("command/list", { code: "SRV_INTERNAL", happened: "x", kept: "", action: "" });
    await run(() => fireEvent.click(line()));
    expect(screen.getAllByRole("listitem").some((row) => row.textContent.includes("tail -f"))).toBe(true);
    expect(screen.queryByText("No output yet")).toBeNull();
  });

  it("go when they end, and it is said only where somebody ended them", () => {
    const model = fold(emptyModel(SESSION), backgroundTurn);
    expect(model.background.map((one) => one.number)).toEqual([1, 2]);
    for (const [by, said] of [
      ["itself", 0],
      ["agent", 0],
      [{ person: "window" }, 1],
      ["mode", 1],
      ["folder", 1],
      ["service", 1],
    ] as const) {
      const event = { ...ended("command-1", by), seq: model.lastSeq + 1, at: 1, version: 1 };
      const after = fold(model, [event]);
      expect(after.background.map((one) => one.number)).toEqual([2]);
      expect(after.entries.filter((entry) => entry.kind === "ended")).toHaveLength(said);
    }
    const unknown = fold(emptyModel(SESSION), numbered([ended("never seen", "mode")]));
    expect(unknown.entries).toMatchObject([{ kind: "ended", command: undefined }]);
  });
});
