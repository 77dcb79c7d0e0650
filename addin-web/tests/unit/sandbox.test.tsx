// Commands in the sandbox: the question, what they write, what was seen of them, and whether code can run.
import { cleanup, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import type { EventBody, PermissionRequest, SandboxState, SandboxTier, SessionEvent, Sight } from "../../shared/src/generated/protocol.ts";
import { fold } from "../../shared/src/session/fold.ts";
import { type CallEntry, emptyModel } from "../../shared/src/session/model.ts";
import { LIVE_HELD, NOTHING_SEEN, SIGHTS_HELD, withSights, written } from "../../shared/src/session/sandbox.ts";
import { commandRequest, commandTurn, hostileRequest, sights } from "../commands.ts";
import { helloAnswer } from "../fake-service.ts";
import { open } from "../page.tsx";
import { asked, at, grants, numbered, SESSION } from "../story.ts";

afterEach(cleanup);

const texts = (elements: readonly Element[]): (string | null)[] => elements.map((element) => element.textContent);

async function ask(about: PermissionRequest) {
  const opened = await open({ kind: "window", events: asked(about) });
  return { ...opened, card: within(screen.getByRole("group", { name: about.question })) };
}

describe("a question about a command", () => {
  it("shows the whole command, however long it is", async () => {
    const command = Array.from({ length: 400 }, (_, line) => `echo ${line} ${"x".repeat(200)}`).join("\n");
    const { card } = await ask({ ...commandRequest, command: { command, folders: [], hosts: [], moreHosts: 0, seconds: 120, background: false } });
    expect(card.getByRole("group", { name: "Command" }).textContent).toBe(command);
  });

  it("writes out what cannot be seen or turns the direction of reading, and says that it did", async () => {
    const { card } = await ask(hostileRequest);
    const block = card.getByRole("group", { name: "Command" });
    expect(block.textContent).toContain("mv report.xlsx ‹U+202E›xcod.seugif‹U+202C› report‹U+200B›.xlsx # ‹U+001B›[2J done");
    expect(block.className).toContain("ltr");
    expect(card.getByText(/Characters that cannot be seen are written out/)).toBeTruthy();
    cleanup();
    const plain = await ask(commandRequest);
    expect(plain.card.queryByText(/are written out/)).toBeNull();
  });

  it("says that there is more to scroll to where the block does not show all of it", async () => {
    const height = Object.getOwnPropertyDescriptor(Element.prototype, "scrollHeight");
    Object.defineProperty(Element.prototype, "scrollHeight", { configurable: true, get: () => 900 });
    try {
      const { card } = await ask(hostileRequest);
      expect(card.getByText(/^12 lines, \d+ characters\. Scroll to read all of them\.$/)).toBeTruthy();
    } finally {
      Object.defineProperty(Element.prototype, "scrollHeight", height ?? {});
    }
    cleanup();
    const short = await ask(commandRequest);
    expect(short.card.queryByText(/Scroll to read/)).toBeNull();
  });

  it("says of each folder whether it may change", async () => {
    const { card } = await ask(hostileRequest);
    expect(texts(card.getAllByRole("listitem")).slice(0, 2)).toEqual([
      "/data/Reports may change; every change can be undone",
      "/data/Archive/2025/Quarter 3/Board papers, as sent to the members read only",
    ]);
  });

  it("names the first hosts, counts the others, and shows all that it was told of", async () => {
    const { card } = await ask(hostileRequest);
    expect(card.getByText(/^May reach pypi\.org, files\.pythonhosted\.org, example\.com and 6 more/)).toBeTruthy();
    fireEvent.click(card.getByRole("button", { name: "Show all hosts" }));
    expect(card.getByText(/example\.com, \*\.example\.org, rates\.example\.net and 4 more/)).toBeTruthy();
  });

  it("says where it sees no folder and reaches no network", async () => {
    const command = { command: "date", folders: [], hosts: [], moreHosts: 0, seconds: 120, background: false };
    const { card } = await ask({ ...commandRequest, scope: "", command });
    expect(texts(card.getAllByRole("listitem"))).toEqual(["Sees no folder of this computer", "Reaches no network"]);
    cleanup();
    const scope = "It sees no file of this computer.";
    const scoped = await ask({ ...commandRequest, scope, command });
    expect(scoped.card.getByText(scope)).toBeTruthy();
    expect(texts(scoped.card.getAllByRole("listitem"))).toEqual(["Reaches no network"]);
  });

  it("shows no folder less than there are without a word", async () => {
    const folders = Array.from({ length: 9 }, (_, index) => ({ path: `/data/${index}`, readOnly: true }));
    const { card } = await ask({ ...commandRequest, command: { command: "ls", folders, hosts: [], moreHosts: 0, seconds: 120, background: false } });
    fireEvent.click(card.getByRole("button", { name: "Show 5 more folders" }));
    expect(card.getAllByText("read only")).toHaveLength(9);
  });

  it("says that an answer for the session is for all commands", async () => {
    const { card, run, calls, service } = await ask(commandRequest);
    service.answer("permission/answer", () => ({ accepted: true }));
    expect(texts(within(card.getByRole("group", { name: "Answers" })).getAllByRole("button"))).toEqual([
      "Allow once",
      "Allow commands for this session",
      "Deny",
    ]);
    expect(card.getByText(/is for every command in the sandbox, not for this one alone/)).toBeTruthy();
    await run(() => fireEvent.click(card.getByRole("button", { name: "Allow commands for this session" })));
    expect(calls("permission/answer")).toEqual([
      { session: SESSION, permission: "permission-command", choice: "allowSession" },
    ]);
  });

  it("stands in the list of permissions with its place", async () => {
    const { run, service } = await ask(commandRequest);
    service.answer("permission/grants", () => ({ grants: [...grants, { id: "grant-runs", reason: "runs" as const }] }));
    await run(() => fireEvent.click(screen.getByRole("button", { name: "More" })));
    await run(() => fireEvent.click(screen.getByRole("menuitem", { name: "Permissions" })));
    expect(document.querySelector("[role=dialog]")?.textContent).toContain("Run commandsIn the sandboxThis session");
  });
});

const started = (id: string, command: string): EventBody => ({
  ...{ type: "toolCallStarted", turn: "turn-1", call: id, name: "Bash", input: { command }, title: "Running" },
  target: command,
});
const output = (call: string, text: string): EventBody => ({ type: "toolCallOutput", call, text });
const completed = (call: string, text: string, tier?: SandboxTier): EventBody => ({
  ...{ type: "toolCallCompleted", turn: "turn-1", call, outcome: "done", title: "Ran", output: text, durationMs: 5 },
  ...(tier === undefined ? {} : { tier }),
});
const show = (events: readonly SessionEvent[]) => open({ kind: "excel", events });
const callOf = (events: readonly SessionEvent[]): CallEntry =>
  fold(emptyModel(SESSION), events).entries.flatMap((entry) => (entry.kind === "call" ? [entry] : []))[0] ?? expect.fail();

describe("the output of a command", () => {
  it("is shown while it runs, without its colours, with its other marks written out", async () => {
    const { run, service } = await show(numbered([started("c", "make")]));
    expect(screen.getByText("No output yet")).toBeTruthy();
    await run(() => {
      service.events(SESSION, numbered([output("c", "\u001b[32mok\u001b[0m 1\n"), output("c", "\u202eko 2\n")], 2));
    });
    expect(screen.getByRole("group", { name: "Output so far" }).textContent).toBe("ok 1\n‹U+202E›ko 2");
  });

  it("stands in the result without the marks that tell the model what is data", async () => {
    const answer = 'The command ended after 1.0 s.\n<document-data from="output of the command">\ntotal 7\n</document-data>';
    const { run } = await show(numbered([started("c", "ls"), completed("c", answer, "vm")]));
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Details: Ran" })));
    expect(screen.getByText(/total 7/).textContent).toBe("The command ended after 1.0 s.\ntotal 7");
    expect(document.body.textContent).not.toContain("document-data");
  });

  it("gives way to the result, which is folded and says where it ran", async () => {
    await show(numbered([started("c", "make"), output("c", "half\n"), completed("c", "\u001b[1mdone\u001b[0m\n", "vmEmulated")]));
    expect(screen.queryByText(/half/)).toBeNull();
    expect(screen.queryByText(/done/)).toBeNull();
    expect(screen.getByText("Sandbox, software emulation (slower)")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Details: Ran" }));
    expect(screen.getByText("done")).toBeTruthy();
    expect(screen.getByRole("group", { name: "Command" }).textContent).toBe("make");
  });

  it("says how much of a long result is shown", async () => {
    await show(numbered([started("c", "make"), completed("c", "x".repeat(50_000), "vm")]));
    expect(screen.getByText("Sandbox")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Details: Ran" }));
    expect(screen.getByText("The first 40,000 of 50,000 characters.")).toBeTruthy();
  });

  it("shows no mark in the line of a command that turns the direction of reading", async () => {
    await show(numbered([started("c", "ls \u202egpj.x")]));
    expect(document.querySelector(".call-command")?.textContent).toBe("ls ‹U+202E›gpj.x");
  });

  it("is held to its last characters, however much comes", () => {
    const line = "0123456789\n";
    const events = Array.from({ length: 200 }, () => output("c", line.repeat(1_000)));
    const call = callOf(numbered([started("c", "yes"), ...events]));
    expect(call.live?.text.length).toBeLessThanOrEqual(LIVE_HELD);
    expect(call.live?.cut).toBe(true);
    expect(call.live?.text.startsWith("0123456789\n")).toBe(true);
    const emoji = written(undefined, "😀".repeat(LIVE_HELD));
    expect(emoji.text.slice(0, 2)).toBe("😀");
    expect(written(undefined, `😀${"x".repeat(LIVE_HELD - 1)}`).text).toBe("x".repeat(LIVE_HELD - 1));
  });

  it("changes nothing once the call has ended, or where there is no such call", () => {
    const call = callOf(numbered([started("c", "ls"), completed("c", "a"), output("c", "late"), output("d", "other")]));
    expect(call).toMatchObject({ state: "done", output: "a", live: undefined });
  });

  it("is the same at the end for who saw it live and for who reads the log later", () => {
    const live = [started("c", "ls"), output("c", "a\n"), completed("c", "a\n", "vm")];
    const later = numbered(live).filter((event) => event.type !== "toolCallOutput");
    expect(callOf(numbered(live))).toEqual(callOf(later));
  });
});

describe("what was seen in the sandbox", () => {
  const line = "2 programs, 3 files changed, 1 change not kept, 1 connection, 1 connection refused";

  async function list() {
    await show(commandTurn);
    fireEvent.click(screen.getByRole("button", { name: line }));
    const rows = within(screen.getByRole("group", { name: "What was seen in the sandbox" })).getAllByRole("listitem");
    return rows.map((row) => row.querySelector(".path")?.textContent.trim());
  }

  it("is one line that opens a list: programs with their ends, files, hosts with what was refused and why", async () => {
    expect(await list()).toEqual([
      "The sandbox went on from a kept state in 1.8 s",
      "/bin/sh -c 'python3 reconcile.py' exit 0",
      "python3 reconcile.py --bank 'Bank of July.csv' exit 1",
      "Made /data/Reports/2026/differences.csv 18 KB",
      "Renamed /data/Reports/2026/Ledger.tmp now /data/Reports/2026/Ledger.csv",
      "You changed it meanwhile; yours stays /data/Reports/2026/notes.txt the sandbox's version: /data/Reports/2026/notes (sandbox).txt",
      "Refused /data/Archive/2025.csv",
      "files.pythonhosted.org:443 2.1 KB sent, 1.8 MB received",
      "collect.example.com:443 refused: the host is not among those that may be reached",
    ]);
  });

  it("writes out what a program hides in its arguments, in paths and in the name of a host", async () => {
    const hostile: Sight[] = [
      { sight: "started", at: at("14:31"), process: 1, parent: 0, user: 0, arguments: ["sh", "\u202egpj", "\u001b[2J"] },
      { sight: "file", change: "created", path: "/data/\u202excod.exe" },
      { sight: "connection", host: "ex\u200bample.com", port: 0, refused: "new\u202ecode", sent: 0, received: 0, durationMs: 0 },
    ];
    await show(numbered([started("c", "ls"), { type: "sandboxSeen", call: "c", seen: hostile, leftOut: 0 }]));
    fireEvent.click(screen.getByRole("button", { name: /^1 program/ }));
    const text = screen.getByRole("group", { name: "What was seen in the sandbox" }).textContent;
    expect(text).toContain("sh '‹U+202E›gpj' '‹U+001B›[2J' Working");
    expect(text).toContain("/data/‹U+202E›xcod.exe");
    expect(text).toContain("ex‹U+200B›ample.com refused: new‹U+202E›code");
    expect(text).not.toMatch(/[\u202e\u200b]/u);
  });

  it("joins an end with the last start of its process, and counts what it does not hold", () => {
    const start = (process: number): Sight => ({ sight: "started", at: 1, process, parent: 1, user: 0, arguments: ["x"] });
    const twice = withSights(
      NOTHING_SEEN,
      { type: "sandboxSeen", seen: [start(7), { sight: "ended", at: 2, process: 7, code: -9 }, start(7)], leftOut: 2 },
      3,
    );
    expect(twice.shown).toMatchObject([{ code: -9 }, { code: undefined }]);
    expect(twice.notShown).toBe(2);
    const many = Array.from({ length: 200 }, (_, process) => start(process));
    let seen = NOTHING_SEEN;
    for (let batch = 0; batch < 10; batch += 1) {
      seen = withSights(seen, { type: "sandboxSeen", seen: many, leftOut: 0 }, 1);
    }
    expect(seen).toMatchObject({ programs: 2_000, notShown: 2_000 - SIGHTS_HELD });
    expect(seen.shown).toHaveLength(SIGHTS_HELD);
  });

  it("shows a few rows of many, and says how many are not listed", async () => {
    const many = Array.from({ length: 60 }, (): Sight => ({ sight: "lost", count: 1 }));
    await show(numbered([started("c", "ls"), { type: "sandboxSeen", call: "c", seen: many, leftOut: 7 }]));
    fireEvent.click(screen.getByRole("button", { name: "No program ran" }));
    const group = within(screen.getByRole("group", { name: "What was seen in the sandbox" }));
    expect(group.getAllByRole("listitem")).toHaveLength(50);
    fireEvent.click(group.getByRole("button", { name: "Show all 60" }));
    expect(group.getAllByRole("listitem")).toHaveLength(60);
    expect(group.getByText("7 more are not listed here.")).toBeTruthy();
  });

  it("stands in a line of its own where no call ran, and one line holds what follows", async () => {
    const seen: EventBody = { type: "sandboxSeen", seen: sights.slice(1, 2), leftOut: 0 };
    await show(numbered([started("c", "ls &"), completed("c", "", "vm"), seen, seen]));
    expect(screen.getAllByText(/In the background:/)).toHaveLength(1);
    expect(screen.getByRole("button", { name: "2 programs" })).toBeTruthy();
  });

  it("tells connections that failed from those that were refused", () => {
    const to = (refused?: string): Sight => ({
      ...{ sight: "connection", host: "example.com", port: 443, sent: 0, received: 0, durationMs: 0 },
      ...(refused === undefined ? {} : { refused }),
    });
    const seen = withSights(NOTHING_SEEN, { type: "sandboxSeen", seen: [to(), to("idle"), to("sni_missing")], leftOut: 0 }, 0);
    expect(seen).toMatchObject({ connections: 1, connectionsFailed: 1, connectionsRefused: 1 });
  });
});

describe("whether code can run", () => {
  const view = helloAnswer().view;

  it.each<[SandboxState, string, RegExp]>([
    ["vm", "Sandbox: VM", /runs in a virtual machine without a network card/],
    ["vmEmulated", "Sandbox: slower VM", /it is slower; it is closed off as well/],
    ["processes", "Sandbox: weaker, no VM", /shares this computer's kernel/],
    ["unavailable", "Sandbox: unavailable", /Code cannot run; documents still work/],
    ["notNeeded", "Sandbox: not needed", /Nothing in this session runs code/],
  ])("is always to be seen, and says more when asked: %s", async (sandbox, says, more) => {
    const { run } = await open({ kind: "excel", hello: { view: { ...view, sandbox } } });
    const badge = screen.getByRole("button", { name: `${says}. What this means` });
    expect(badge.textContent).toBe(says);
    await run(() => fireEvent.click(badge));
    expect(document.querySelector("[role=dialog]")?.textContent).toMatch(more);
  });

  it("names the step that failed, why, and what helps", async () => {
    const sandboxFault = {
      code: "SBX_UNAVAILABLE" as const,
      happened: "The virtual machine did not start.",
      kept: "Workbooks still work.",
      action: "Turn on virtualisation.",
      detail: "open /dev/kvm: \u202edenied",
    };
    const { run } = await open({ kind: "window", hello: { view: { ...view, sandbox: "unavailable", sandboxFault } } });
    await run(() => fireEvent.click(screen.getByRole("button", { name: /^Sandbox: unavailable/ })));
    const said = document.querySelector("[role=dialog]")?.textContent ?? "";
    const { happened, kept, action, code } = sandboxFault;
    for (const part of [happened, kept, action, code, "open /dev/kvm: ‹U+202E›denied"]) {
      expect(said).toContain(part);
    }
  });
});
