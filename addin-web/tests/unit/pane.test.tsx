import { cleanup, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { userError } from "../../shared/src/client/rpc.ts";
import type { EventBody, SessionEvent, SessionSummary } from "../../shared/src/generated/protocol.ts";
import { helloAnswer } from "../fake-service.ts";
import { memoryOf, open } from "../page.tsx";
import { fileTurn, numbered, SESSION, sessions, waitingTurn, workbook, workingTurn } from "../story.ts";

afterEach(cleanup);

const prompt = (): HTMLTextAreaElement => screen.getByRole("textbox", { name: "Prompt" });
const document_ = { document: workbook, documents: [workbook] };
const after = (events: readonly SessionEvent[], ...bodies: EventBody[]): SessionEvent[] =>
  numbered(bodies, events.length + 1);

describe("the prompt box", () => {
  it("sends the text with the pane's document and empties itself", async () => {
    const { calls, run, service } = await open({ kind: "excel", hello: document_ });
    service.answer("session/prompt", () => ({ turn: "t", seq: 1 }));
    await run(() => fireEvent.change(prompt(), { target: { value: "Sum it up" } }));
    await run(() => fireEvent.keyDown(prompt(), { key: "Enter" }));
    expect(calls("session/prompt")).toEqual([
      { session: SESSION, clientId: "id-1", text: "Sum it up", documents: [workbook.id], mode: "ask" },
    ]);
    expect(prompt().value).toBe("");
  });

  it("makes a session for the first prompt", async () => {
    const { calls, run, service } = await open({ kind: "excel", hello: { sessions: [] } });
    service
      .answer("session/create", () => ({ session: { ...(helloAnswer().sessions[0] ?? ({} as never)), id: "new" } }))
      .answer("session/prompt", () => ({ turn: "t", seq: 1 }));
    await run(() => fireEvent.change(prompt(), { target: { value: "Hello" } }));
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Send (Enter)" })));
    expect(calls("session/prompt")).toMatchObject([{ session: "new", text: "Hello" }]);
    expect(calls("session/subscribe")).toEqual([{ session: "new", after: 0 }]);
  });

  it("gives the text back when the service refuses it", async () => {
    const { run, service } = await open({ kind: "excel" });
    service.refuse("session/prompt", userError("DB_DISK_FULL"));
    await run(() => fireEvent.change(prompt(), { target: { value: "Keep me" } }));
    await run(() => fireEvent.keyDown(prompt(), { key: "Enter" }));
    expect(prompt().value).toBe("Keep me");
    expect(screen.getByText("The disk is full.")).toBeTruthy();
    expect(screen.getByText("DB_DISK_FULL")).toBeTruthy();
  });

  it("keeps what was sent while the service was away, and says that it goes later", async () => {
    const { clock, network, run, service, calls } = await open({ kind: "excel" });
    service.answer("session/prompt", () => ({ turn: "t", seq: 1 }));
    network.reachable = false;
    await run(() => network.cut());
    await run(() => fireEvent.change(prompt(), { target: { value: "Later" } }));
    await run(() => fireEvent.keyDown(prompt(), { key: "Enter" }));
    expect(screen.getByText("Later")).toBeTruthy();
    expect(screen.getByText("Will go when connected")).toBeTruthy();
    network.reachable = true;
    await run(() => clock.advance(250));
    expect(calls("session/prompt")).toMatchObject([{ text: "Later" }]);
  });

  it("keeps over a reload what was typed, and sends what was not acknowledged with the same ids", async () => {
    const kept: Record<string, string | undefined> = {};
    const before = await open({ kind: "excel", memory: memoryOf(kept), hello: { sessions: [] } });
    await before.run(() => fireEvent.change(prompt(), { target: { value: "Sent, not answered" } }));
    await before.run(() => fireEvent.keyDown(prompt(), { key: "Enter" }));
    await before.run(() => fireEvent.change(prompt(), { target: { value: "Half a sent" } }));
    cleanup();
    const after = await open({ kind: "excel", memory: memoryOf(kept), hello: { sessions: [] } });
    expect(prompt().value).toBe("Half a sent");
    expect(screen.getByText("Sent, not answered")).toBeTruthy();
    expect(after.calls("session/create")).toEqual(before.calls("session/create"));
    expect(after.calls("session/create")).toHaveLength(1);
  });

  it.each([
    ["Shift+Enter", { key: "Enter", shiftKey: true }],
    ["a word that is being composed", { key: "Enter", isComposing: true }],
  ])("does not send at %s", async (_name, key) => {
    const { calls, run } = await open({ kind: "excel" });
    await run(() => fireEvent.change(prompt(), { target: { value: "Not yet" } }));
    await run(() => fireEvent.keyDown(prompt(), key));
    expect(calls("session/prompt")).toEqual([]);
  });

  it("says why an empty text cannot be sent, and stays in the tab order", async () => {
    const { calls, run } = await open({ kind: "excel" });
    const send = screen.getByRole("button", { name: "Send (Enter)" });
    expect(send.getAttribute("aria-disabled")).toBe("true");
    expect(send.title).toBe("Write something to send first");
    await run(() => fireEvent.click(send));
    expect(calls("session/prompt")).toEqual([]);
  });

  it("brings the last prompt back with Up", async () => {
    const { run } = await open({ kind: "excel", events: waitingTurn });
    await run(() => fireEvent.keyDown(prompt(), { key: "ArrowUp" }));
    expect(prompt().value).toContain("Summarise Q3 revenue");
  });
});

describe("a question", () => {
  it("shows what would change as a table with headers, and what it reaches", async () => {
    await open({ kind: "excel", events: waitingTurn, hello: document_ });
    const card = screen.getByRole("group", { name: "Overwrite 8 cells on Summary?" });
    expect(
      within(card)
        .getAllByRole("columnheader")
        .map((header) => header.textContent),
    ).toEqual(["Cell", "Now", "After"]);
    expect(within(card).getAllByRole("rowheader")).toHaveLength(6);
    expect(card.textContent).toContain("D4:D7 read another file, Rates.xlsx.");
    expect(within(card).getByText("=SUMIFS(Revenue!F:F,Revenue!B:B,$A4)")).toBeTruthy();
    fireEvent.click(within(card).getByRole("button", { name: "Show all 8 cells" }));
    expect(within(card).getAllByRole("rowheader")).toHaveLength(8);
  });

  it("never takes the focus, and Alt+A goes to the card, not to an answer", async () => {
    const { run, calls } = await open({ kind: "excel", events: waitingTurn });
    const card = screen.getByRole("group", { name: "Overwrite 8 cells on Summary?" });
    expect(card.contains(document.activeElement)).toBe(false);
    await run(() => fireEvent.keyDown(document.body, { key: "a", altKey: true }));
    expect(document.activeElement).toBe(card);
    await run(() => fireEvent.keyDown(card, { key: "Enter" }));
    expect(calls("permission/answer")).toEqual([]);
  });

  it.each([
    ["Allow once", "allowOnce"],
    ["Deny", "deny"],
  ])("is answered once with %s", async (name, choice) => {
    const { run, calls, service } = await open({ kind: "excel", events: waitingTurn });
    service.answer("permission/answer", () => ({ accepted: true }));
    await run(() => fireEvent.click(screen.getByRole("button", { name })));
    await run(() => fireEvent.click(screen.getByRole("button", { name })));
    expect(calls("permission/answer")).toEqual([{ session: SESSION, permission: "permission-1", choice }]);
  });

  it("folds to who answered it elsewhere", async () => {
    const { run, service } = await open({ kind: "excel", events: waitingTurn });
    const by = { person: "window" as const };
    const settle: EventBody = { type: "permissionSettled", permission: "permission-1", choice: "allowOnce", by };
    await run(() => service.events(SESSION, after(waitingTurn, settle)));
    expect(screen.queryByRole("button", { name: "Allow once" })).toBeNull();
    expect(screen.getByText(/Overwrite 8 cells on Summary\? Allowed in the window/)).toBeTruthy();
  });
});

describe("a turn", () => {
  it("is stopped by Esc, once, and says so", async () => {
    const { run, calls, service } = await open({ kind: "excel", events: waitingTurn });
    await run(() => fireEvent.keyDown(document.body, { key: "Escape" }));
    expect(calls("session/cancel")).toEqual([{ session: SESSION }]);
    const ended: EventBody = {
      ...{ type: "turnEnded", turn: "turn-1", outcome: "cancelled" },
      usage: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
    };
    await run(() => service.events(SESSION, after(waitingTurn, ended)));
    expect(screen.getByText("Stopped by you. What was done so far is kept.")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Stop (Esc)" })).toBeNull();
    await run(() => fireEvent.keyDown(document.body, { key: "Escape" }));
    expect(calls("session/cancel")).toHaveLength(1);
  });

  it("selects the source that a chip names", async () => {
    const { run, calls } = await open({ kind: "excel", events: waitingTurn, hello: document_ });
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Select Summary!B4 in Sample workbook" })));
    expect(calls("document/select")).toEqual([{ document: workbook.id, target: "Summary!B4" }]);
  });

  it("says what happened, what was kept and what to do when it failed", async () => {
    const outcome = { failed: userError("INF_AUTH") };
    const usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
    const ended: EventBody = { type: "turnEnded", turn: "turn-1", outcome, usage };
    const { run } = await open({ kind: "excel", events: [...waitingTurn, ...after(waitingTurn, ended)] });
    const card = screen.getByRole("region", { name: "The model provider refused the credential." });
    expect(card.textContent).toContain("Nothing was sent to another place. Ask your administrator for a new one.");
    await run(() => fireEvent.click(within(card).getByRole("button", { name: "Try again" })));
    expect(prompt().value).toContain("Summarise Q3 revenue");
  });
});

describe("changes", () => {
  async function changes() {
    const opened = await open({ kind: "excel", events: workingTurn, hello: document_ });
    await opened.run(() => fireEvent.click(screen.getByRole("tab", { name: /Changes/ })));
    return opened;
  }

  it("undoes all that stands, newest first, and stops at the first that fails", async () => {
    const { run, calls, service } = await changes();
    service.answer("changeSet/undo", ({ changeSet }) => {
      if (changeSet === "change-2") {
        throw Object.assign(new Error("refused"), { user: userError("DOC_UNDO_CONFLICT") });
      }
      return { kept: [] };
    });
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Undo all" })));
    expect(calls("changeSet/undo").map((call) => (call as { changeSet: string }).changeSet)).toEqual([
      "change-3",
      "change-2",
    ]);
  });

  it("undoes what the person changed since only when chosen", async () => {
    const { run, calls } = await changes();
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Undo Formulas in B4:D7" })));
    expect(calls("changeSet/undo")).toEqual([{ session: SESSION, changeSet: "change-2", overwrite: false }]);
  });

  it("offers Redo for what was undone", async () => {
    const { run, calls } = await changes();
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Redo Rounding in C4:C7" })));
    expect(calls("changeSet/redo")).toEqual([{ session: SESSION, changeSet: "change-1", overwrite: false }]);
  });
});

describe("changes of files", () => {
  const row = (title: string): HTMLElement => {
    const side = screen.getByRole("complementary", { name: "Plan, changes and files" });
    return within(side).getByText(title).closest("li") ?? document.body;
  };
  const undone: EventBody = { type: "changeSetUndone", changeSet: "change-removed", kept: [] };

  it("say what, where and how many lines, and show no place in a document", async () => {
    await open({ kind: "window", events: fileTurn });
    expect(row("summary.md made").textContent).toMatch(/12 lines, .*14:33.*\/data\/Reports\/2026\/summary\.md/);
    expect(within(row("summary.md made")).getByRole("img", { name: "File" })).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "More for summary.md made" }));
    expect(screen.getByRole("menuitem", { name: "Undo from here" })).toBeTruthy();
    expect(screen.queryByRole("menuitem", { name: /Show/ })).toBeNull();
    expect(screen.queryByRole("button", { name: "More for old.txt moved to the journal" })).toBeNull();
  });

  it("are undone by their change sets, and a deleted file is restored", async () => {
    const { run, calls } = await open({ kind: "window", events: fileTurn });
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Undo notes.txt edited" })));
    const restore = within(row("old.txt moved to the journal")).getByRole("button", { name: /^Restore/ });
    expect(restore.textContent).toBe("Restore");
    await run(() => fireEvent.click(restore));
    expect(calls("changeSet/undo")).toEqual([
      { session: SESSION, changeSet: "change-edited", overwrite: false },
      { session: SESSION, changeSet: "change-removed", overwrite: false },
    ]);
  });

  it("are said to be restored, and can be done again", async () => {
    await open({ kind: "window", events: [...fileTurn, ...after(fileTurn, undone)] });
    expect(row("old.txt moved to the journal").textContent).toContain("restored ");
    expect(within(row("old.txt moved to the journal")).getByRole("button", { name: /^Delete again/ })).toBeTruthy();
  });

  it("are left alone where somebody changed the file since, until the person says so", async () => {
    const { run, calls, service } = await open({ kind: "window", events: fileTurn });
    service.refuse("changeSet/undo", userError("DOC_UNDO_CONFLICT"));
    const undo = within(row("notes.txt edited")).getByRole("button", { name: /^Undo/ });
    await run(() => fireEvent.click(undo));
    const told = within(row("notes.txt edited")).getByRole("alert");
    expect(told.textContent).toContain("changed since");
    service.answer("changeSet/undo", () => ({ kept: [] }));
    await run(() => fireEvent.click(within(told).getByRole("button", { name: "Undo anyway and overwrite 1 file" })));
    expect(calls("changeSet/undo")).toMatchObject([
      { changeSet: "change-edited", overwrite: false },
      { changeSet: "change-edited", overwrite: true },
    ]);
    expect(within(row("notes.txt edited")).queryByRole("alert")).toBeNull();
  });

  it("offer to undo also the places of a command that were left alone", async () => {
    const set = fileTurn.find((event) => event.type === "changeSetApplied" && event.changeSet.id === "change-edited");
    const undone: EventBody = { type: "changeSetUndone", changeSet: "change-edited", kept: ["/data/notes.txt", "/data/plan.txt"] };
    expect(set).toBeDefined();
    const at = fileTurn.length + 1;
    const { run, calls, service } = await open({ kind: "window", events: [...fileTurn, { ...undone, seq: at, at, version: 1 }] });
    service.answer("changeSet/undo", () => ({ kept: [] }));
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Undo anyway and overwrite 2 files" })));
    expect(calls("changeSet/undo")).toMatchObject([{ changeSet: "change-edited", overwrite: true }]);
  });

  it.each(["window", "excel"] as const)("offer a deleted file back in the conversation: %s", async (kind) => {
    const { run, calls, service } = await open({ kind, events: fileTurn });
    const result = screen.getByRole("region", { name: "old.txt moved to the journal" });
    expect(result.textContent).toContain("Moved to the journal");
    await run(() => fireEvent.click(within(result).getByRole("button", { name: /^Restore/ })));
    expect(calls("changeSet/undo")).toMatchObject([{ changeSet: "change-removed" }]);
    await run(() => service.events(SESSION, after(fileTurn, undone)));
    expect(result.textContent).toContain("Restored");
  });
});

describe("a session begun elsewhere", () => {
  const [first] = sessions as [SessionSummary];
  const begun = { ...first, id: "begun" };

  it("is shown here too when it is the first", async () => {
    const { run, calls, service } = await open({ kind: "window", hello: { sessions: [] } });
    await run(() => service.notify("session/changed", { session: begun }));
    expect(calls("session/subscribe")).toEqual([{ session: "begun", after: 0 }]);
  });

  it("is shown here too where a new session was asked for and is empty", async () => {
    const { run, calls, service } = await open({ kind: "window", events: waitingTurn });
    await run(() => fireEvent.click(screen.getAllByRole("button", { name: "New session" })[0] ?? document.body));
    await run(() => service.notify("session/changed", { session: { ...first, title: "Renamed" } }));
    expect(calls("session/subscribe")).toHaveLength(1);
    await run(() => service.notify("session/changed", { session: begun }));
    expect(calls("session/subscribe")).toEqual([
      { session: SESSION, after: 0 },
      { session: "begun", after: 0 },
    ]);
  });

  it("does not take a person away from a session with content", async () => {
    const { run, calls, service } = await open({ kind: "window", events: waitingTurn });
    await run(() => service.notify("session/changed", { session: begun }));
    expect(calls("session/subscribe")).toEqual([{ session: SESSION, after: 0 }]);
  });

  it("does not take a person away who has begun to write", async () => {
    const { run, calls, service } = await open({ kind: "window", hello: { sessions: [] } });
    await run(() => fireEvent.change(prompt(), { target: { value: "Half a sent" } }));
    await run(() => service.notify("session/changed", { session: begun }));
    expect(calls("session/subscribe")).toEqual([]);
  });
});

describe("documents", () => {
  it("are live only while Office has them open, whatever the log says", async () => {
    await open({ kind: "window", events: waitingTurn, hello: { documents: [] } });
    expect(screen.queryByText("Live in Excel")).toBeNull();
    expect(screen.getByText("Workbook on disk")).toBeTruthy();
    // The lines of the session list name kinds of documents, not how they are.
    const glyphs = screen.getAllByRole("img", { name: "Workbook" }).filter((glyph) => glyph.closest(".session") === null);
    expect(glyphs.length).toBeGreaterThan(2);
    expect(glyphs.filter((glyph) => !glyph.className.includes("glyph-closed"))).toEqual([]);
  });
});

describe("folders", () => {
  const attached = (path: string, readOnly: boolean): EventBody => ({ type: "folderAttached", path, readOnly });
  const events = numbered([attached("/data/Reports", false), attached("/data/Archive", true)]);
  const chips = (): (string | null)[] => Array.from(document.querySelectorAll(".chip"), (chip) => chip.textContent);

  it.each(["window", "excel"] as const)("are chips that say where they are and what is only read: %s", async (kind) => {
    await open({ kind, events });
    expect(chips()).toEqual(["Reports", "Archiveread only"]);
    expect(screen.getAllByTitle("/data/Reports").length).toBeGreaterThan(0);
    expect(screen.getByTitle("/data/Archive, read only").className).toBe("chip");
  });

  it.each(["window", "excel"] as const)("are taken out with their chip: %s", async (kind) => {
    const { run, calls, service } = await open({ kind, events });
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Remove Archive" })));
    expect(calls("folder/detach")).toEqual([{ session: SESSION, path: "/data/Archive" }]);
    expect(chips()).toHaveLength(2);
    await run(() => service.events(SESSION, after(events, { type: "folderDetached", path: "/data/Archive" })));
    expect(chips()).toEqual(["Reports"]);
    expect(screen.queryByText("Archive")).toBeNull();
  });

  it("stay where the service refuses to let them go, and it says why", async () => {
    const { run, service } = await open({ kind: "window", events });
    service.refuse("folder/detach", userError("SES_BUSY"));
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Remove Reports" })));
    expect(chips()).toHaveLength(2);
    expect(screen.getByText("SES_BUSY")).toBeTruthy();
  });
});

describe("pairing", () => {
  it("shows the number in place of everything else, read digit by digit", async () => {
    const { run, service, network, clock } = await open({ kind: "excel", token: "" });
    service.answer("pairing/begin", () => ({ pairing: "p", number: "483201", expiresAt: 0 }));
    await run(() => network.cut());
    await run(() => clock.advance(250));
    expect(screen.getByRole("img", { name: "Number to compare: 4 8 3 2 0 1" })).toBeTruthy();
    expect(screen.queryByRole("textbox")).toBeNull();
  });

  it("asks the person in the window", async () => {
    const { run, service, calls } = await open({ kind: "window" });
    await run(() =>
      service.notify("pairing/requested", { pairing: "p", frontEnd: "excel", number: "483201", expiresAt: 0 }),
    );
    const card = screen.getByRole("region", { name: "Connect the pane in Excel?" });
    await run(() => fireEvent.click(within(card).getByRole("button", { name: "Allow" })));
    expect(calls("pairing/answer")).toEqual([{ pairing: "p", allow: true }]);
  });
});

describe("the keyboard", () => {
  it("moves through the areas with F6 in reading order, and back", async () => {
    // jsdom lays nothing out, so nothing would count as visible.
    Object.defineProperty(HTMLElement.prototype, "offsetParent", { configurable: true, get: () => document.body });
    const { run } = await open({ kind: "excel", events: waitingTurn });
    const areas: string[] = [];
    for (let step = 0; step < 5; step += 1) {
      await run(() => fireEvent.keyDown(document.activeElement ?? document.body, { key: "F6" }));
      areas.push(document.activeElement?.closest("[data-area]")?.className.split(" ")[0] ?? "");
    }
    expect(areas).toEqual(["pane-head", "tabs", "scroll", "prompt-box", "foot"]);
    await run(() => fireEvent.keyDown(document.activeElement ?? document.body, { key: "F6", shiftKey: true }));
    expect(document.activeElement?.closest("[data-area]")?.className).toContain("prompt-box");
  });

  it("moves along the tabs with the arrows", async () => {
    const { run } = await open({ kind: "excel" });
    await run(() => fireEvent.keyDown(screen.getByRole("tab", { name: "Chat" }), { key: "ArrowRight" }));
    expect(screen.getByRole("tab", { name: "Changes" }).getAttribute("aria-selected")).toBe("true");
    expect(document.activeElement).toBe(screen.getByRole("tab", { name: "Changes" }));
  });

  it("opens the list of keys", async () => {
    const { run } = await open({ kind: "excel" });
    await run(() => fireEvent.keyDown(document.body, { key: "/", ctrlKey: true }));
    expect(screen.getByText("Go to the open question")).toBeTruthy();
  });
});

describe("the tour", () => {
  it("says on every front end that the answers are scripted", async () => {
    const view = { ...helloAnswer().view, tour: true };
    for (const kind of ["window", "excel", "powerpoint"] as const) {
      await open({ kind, hello: { view } });
      expect(screen.getByText("Tour: scripted answers, no model")).toBeTruthy();
      cleanup();
    }
  });

  it("is offered where no gateway is configured and nobody manages the computer", async () => {
    for (const [managed, offered] of [
      [false, 1],
      [true, 0],
    ] as const) {
      const view = { ...helloAnswer().view, configured: false, managed };
      await open({ kind: "window", hello: { view } });
      expect(screen.queryAllByText(/cargo xtask run --tour/)).toHaveLength(offered);
      cleanup();
    }
  });
});
