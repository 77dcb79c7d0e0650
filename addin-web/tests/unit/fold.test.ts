import { describe, expect, it } from "vitest";
import type { DocumentView, EventBody, SessionEvent } from "../../shared/src/generated/protocol.ts";
import { fold } from "../../shared/src/session/fold.ts";
import { emptyModel, openApprovals, type SessionModel, usedBy } from "../../shared/src/session/model.ts";
import { sessionDocuments, type State } from "../../shared/src/session/state.ts";
import { timeline } from "../../shared/src/session/timeline.ts";
import { deck, numbered, SESSION, waitingTurn, workbook, workingTurn } from "../story.ts";

const folded = (events: readonly SessionEvent[]): SessionModel => fold(emptyModel(SESSION), events);
const usage = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 };
const ended: EventBody = { type: "turnEnded", turn: "t", outcome: "completed", usage };
const started: EventBody = { type: "messageStarted", turn: "t", message: "m" };
const delta = (text: string): EventBody => ({ type: "textDelta", message: "m", text });
const whole = (text: string): EventBody => ({
  ...{ type: "messageCompleted", turn: "t", message: "m", stop: "endTurn", usage },
  blocks: [{ type: "text", text }],
});
const call: EventBody = { type: "toolCallStarted", turn: "t", call: "c", name: "x", input: {}, title: "Reading" };

describe("the fold", () => {
  it.each([
    ["waiting", waitingTurn],
    ["working", workingTurn],
  ])("gives the same model event by event, at once, and with everything sent twice: %s", (_name, events) => {
    const once = folded(events);
    expect(events.reduce((model, event) => fold(model, [event]), emptyModel(SESSION))).toEqual(once);
    expect(folded(events.flatMap((event) => [event, event]))).toEqual(once);
    expect(fold(once, events)).toBe(once);
  });

  it("catches up from every cursor to the same model", () => {
    const all = folded(workingTurn);
    workingTurn.forEach((_event, cut) => {
      const before = folded(workingTurn.slice(0, cut));
      const after = workingTurn.filter((event) => event.seq > before.lastSeq);
      expect(fold(before, after)).toEqual(all);
    });
  });

  it("does not touch the model that it was given", () => {
    const before = folded(workingTurn.slice(0, 8));
    const copy = structuredClone(before);
    fold(before, workingTurn);
    expect(before).toEqual(copy);
  });

  it.each([0, 1, 2, 3])("replaces what it has of a message by the folded one, with %d of its events seen", (seen) => {
    const live = numbered([started, delta("Hel"), delta("lo")]);
    const replacement: SessionEvent = { ...numbered([whole("Hello there")], 4)[0], firstSeq: 1 } as SessionEvent;
    const model = fold(folded(live.slice(0, seen)), [replacement]);
    expect(model.entries).toEqual([{ kind: "message", id: "m", text: "Hello there", state: "done" }]);
    expect(model.lastSeq).toBe(4);
    expect(fold(model, live)).toBe(model);
  });

  it("starts a message over when what it said is void", () => {
    const model = folded(numbered([started, delta("wrong"), { type: "messageReset", message: "m" }, delta("right")]));
    expect(model.entries).toMatchObject([{ text: "right", state: "streaming" }]);
  });

  it("leaves nothing moving when a turn ends", () => {
    const [request] = openApprovals(folded(waitingTurn));
    const bodies: EventBody[] = [started, delta("half"), call];
    const permission = { ...request?.request, turn: "t" } as never;
    const plan: EventBody = { type: "planUpdated", turn: "t", call: "p", steps: [{ title: "Step", state: "active" }] };
    const model = folded(numbered([...bodies, plan, { type: "permissionRequested", request: permission }, ended]));
    expect(model.plan?.steps).toEqual([{ title: "Step", state: "pending" }]);
    expect(model.entries).toMatchObject([
      { kind: "message", state: "cut" },
      { kind: "call", state: "stopped" },
      { kind: "approval", settled: { by: "void" } },
    ]);
    expect(model.turn).toBeUndefined();
  });

  it("knows the folders that are attached now, and which of them are only read", () => {
    const attached = (path: string, readOnly: boolean): EventBody => ({ type: "folderAttached", path, readOnly });
    const bodies = [attached("/a", false), attached("/b", true), attached("/a", true)];
    const detached: EventBody = { type: "folderDetached", path: "/b" };
    expect(folded(numbered(bodies)).folders).toEqual([
      { path: "/a", readOnly: true },
      { path: "/b", readOnly: true },
    ]);
    const model = folded(numbered([...bodies, detached, detached]));
    expect(model.folders).toEqual([{ path: "/a", readOnly: true }]);
  });

  it("counts the tokens of all turns", () => {
    expect(folded(numbered([ended, ended])).usage).toEqual({ input: 2, output: 4, cacheRead: 6, cacheWrite: 8 });
  });

  it("counts a turn while it runs, answer by answer, and its end counts nothing twice", () => {
    const prompt: EventBody = {
      ...{ type: "promptAccepted", turn: "t", clientId: "p", text: "Sum it", from: "excel", documents: [], model: "" },
      ...{ mode: "ask", steering: false },
    };
    const answer: EventBody = { type: "messageCompleted", turn: "t", message: "m", blocks: [], stop: "toolUse", usage };
    const running = folded(numbered([prompt, answer, { ...answer, message: "n" }]));
    const both = { input: 2, output: 4, cacheRead: 6, cacheWrite: 8 };
    expect([running.turnUsage, usedBy(running)]).toEqual([both, both]);
    const over = folded(numbered([prompt, answer, { ...answer, message: "n" }, { ...ended, usage: both }]));
    expect([over.turnUsage, usedBy(over)]).toEqual([both, both]);
    const steered = folded(numbered([prompt, answer, { ...prompt, clientId: "q", steering: true }]));
    expect(steered.turnUsage).toEqual(usage);
    const next = folded(numbered([prompt, answer, ended, { ...prompt, clientId: "q", turn: "u" }]));
    expect([next.turnUsage, usedBy(next)]).toEqual([{ input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }, usage]);
  });

  it("adds costs up as whole numbers, and says where a part has no price", () => {
    const priced = { ...usage, cost: { nanodollars: 100_000_000, partial: false } };
    const turns = Array.from({ length: 10 }, (): EventBody => ({ ...ended, usage: priced }));
    expect(folded(numbered(turns)).usage.cost).toEqual({ nanodollars: 1_000_000_000, partial: false });
    expect(folded(numbered([...turns, ended])).usage.cost).toEqual({ nanodollars: 1_000_000_000, partial: true });
    expect(folded(numbered([ended])).usage.cost).toBeUndefined();
  });

  it("shows that the model goes on from a summary, once", () => {
    const asked: EventBody = { type: "compactionStarted", turn: "t", message: "s" };
    const told: EventBody = {
      type: "contextCompacted",
      turn: "t",
      message: "s",
      summary: "So far.",
      kept: 1,
      before: 160_000,
      usage,
    };
    const stopped: EventBody = { type: "turnEnded", turn: "t", outcome: "cancelled", usage };
    expect(folded(numbered([started, asked])).entries).toEqual([{ kind: "summary", id: "s", text: undefined }]);
    expect(folded(numbered([started, asked, told])).entries).toEqual([{ kind: "summary", id: "s", text: "So far." }]);
    expect(folded(numbered([started, asked, stopped])).entries).toMatchObject([{ kind: "stopped" }]);
  });

  it("adds up the pauses of one run of tries and ends it with the next word", () => {
    const error = { code: "INF_OVERLOADED" as const, happened: "Busy.", kept: "", action: "" };
    const retry = (attempt: number): EventBody => ({
      type: "retryScheduled",
      turn: "t",
      error,
      attempt,
      waitMs: 2_000,
    });
    const waiting = folded(numbered([retry(2), retry(3)]));
    expect(waiting.entries).toMatchObject([{ kind: "retry", attempt: 3, waitedMs: 4_000, over: false }]);
    expect(folded(numbered([retry(2), retry(3), started, retry(2)])).entries).toMatchObject([
      { over: true, waitedMs: 4_000 },
      { kind: "message" },
      { over: false, waitedMs: 2_000 },
    ]);
  });

  it("keeps the first answer to a question", () => {
    const settle = (choice: "allowOnce" | "deny"): EventBody => ({
      ...{ type: "permissionSettled", permission: "permission-1", choice },
      by: { person: "window" },
    });
    const next = waitingTurn.length + 1;
    const model = fold(folded(waitingTurn), numbered([settle("allowOnce"), settle("deny")], next));
    expect(openApprovals(model)).toEqual([]);
    expect(model.entries.at(-1)).toMatchObject({ kind: "approval", settled: { choice: "allowOnce" } });
  });

  it("tells undone changes, what an undo left alone, and what was done again", () => {
    const { changes } = folded(workingTurn);
    expect(changes.map((change) => change.undoneAt !== undefined)).toEqual([true, false, false]);
    expect(changes[1]?.changedSince).toEqual(["B6"]);
    const undone: EventBody = { type: "changeSetUndone", changeSet: "change-2", kept: ["Summary!B6"] };
    const redone: EventBody = { type: "changeSetRedone", changeSet: "change-2" };
    const next = workingTurn.length + 1;
    const model = fold(folded(workingTurn), numbered([undone], next));
    expect(model.changes[1]).toMatchObject({ kept: ["Summary!B6"], changedSince: [] });
    expect(fold(model, numbered([redone], next + 1)).changes[1]).toMatchObject({ kept: [], undoneAt: undefined });
  });

  it("reads on past an event of a newer service", () => {
    const newer = { ...numbered([ended])[0], type: "somethingNew" } as unknown as SessionEvent;
    expect(fold(folded([newer]), numbered([delta("on")], 2)).entries).toMatchObject([{ text: "on" }]);
  });
});

describe("a document of the session", () => {
  it("is live only while Office has it open", () => {
    const model = folded(workingTurn);
    const states = (open: DocumentView[]): string[] =>
      sessionDocuments({ model, open } as unknown as State).map((document) => document.state);
    expect(states([workbook, deck])).toEqual(["live", "live"]);
    expect(states([deck])).toEqual(["closed", "live"]);
  });
});

describe("the timeline", () => {
  it("puts the calls of one step into one row and leaves silent messages out", () => {
    const silent: EventBody = { ...whole(""), message: "silent" } as EventBody;
    const second: EventBody = { ...call, call: "d" };
    const rows = timeline(folded(numbered([call, silent, second, whole("Done")])), false);
    expect(rows.map((row) => (row.kind === "calls" ? row.calls.map((each) => each.id) : row.kind))).toEqual([
      ["c", "d"],
      "entry",
    ]);
  });

  it("shows the question in the place of the call that waits for it", () => {
    const waits: EventBody = { ...call, turn: "turn-1", call: "call-3" };
    const model = folded([...waitingTurn, ...numbered([waits], waitingTurn.length + 1)]);
    const calls = timeline(model, true).flatMap((row) => (row.kind === "calls" ? row.calls : []));
    expect(calls.map((each) => each.id)).toEqual(["call-1", "call-2"]);
  });

  it("shows plan and changes in the conversation of a pane alone", () => {
    const kinds = (narrow: boolean): string[] => timeline(folded(workingTurn), narrow).map((row) => row.kind);
    expect(kinds(true)).toContain("plan");
    expect(kinds(true)).toContain("changes");
    expect(kinds(false)).not.toContain("plan");
    expect(kinds(false)).not.toContain("changes");
  });
});
