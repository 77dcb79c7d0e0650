// Folds events into the model of a session. Pure; an event that was folded before changes nothing (Invariant 1).
import type { Block, EventBody, PlanStep, SessionEvent, Usage } from "../generated/protocol.ts";
import { type ChangeState, type Entry, isRemoval, type MessageEntry, type RetryEntry } from "./model.ts";
import type { SessionModel } from "./model.ts";
import { NOTHING_SEEN, withSights, written } from "./sandbox.ts";
import { NO_USAGE, sum } from "./usage.ts";

type Body<T extends EventBody["type"]> = Extract<EventBody, { type: T }>;

/** A copy that this module alone may change while it folds one batch. */
interface Draft extends SessionModel {
  entries: Entry[];
  changes: ChangeState[];
}

export function fold(model: SessionModel, events: readonly SessionEvent[]): SessionModel {
  const fresh = events.filter((event) => event.seq > model.lastSeq);
  if (fresh.length === 0) {
    return model;
  }
  const draft: Draft = { ...model, entries: [...model.entries], changes: [...model.changes] };
  for (const event of fresh) {
    // Checked again: a batch may repeat a number within itself.
    if (event.seq > draft.lastSeq) {
      foldOne(draft, event);
      draft.lastSeq = event.seq;
    }
  }
  return draft;
}

function foldOne(draft: Draft, event: SessionEvent): void {
  switch (event.type) {
    case "sessionCreated":
    case "sessionRenamed":
      draft.title = event.title;
      break;
    case "documentAttached":
    case "documentDetached":
    case "folderAttached":
    case "folderDetached":
      foldDocuments(draft, event);
      break;
    case "promptAccepted":
    case "turnEnded":
      foldTurn(draft, event);
      break;
    case "turnResumed":
      draft.turn = event.turn;
      draft.entries.push({ kind: "resumed", id: idOf(event) });
      break;
    case "cancelRequested":
      draft.stopping = true;
      break;
    case "contextGiven":
      // For the model alone.
      break;
    case "messageStarted":
    case "textDelta":
    case "messageReset":
    case "messageCompleted":
      foldMessage(draft, event);
      if (event.type === "messageCompleted") {
        countUsage(draft, event.usage);
      }
      break;
    case "compactionStarted":
    case "contextCompacted":
      foldSummary(draft, event);
      if (event.type === "contextCompacted") {
        countUsage(draft, event.usage);
      }
      break;
    case "planUpdated":
      draft.plan = { turn: event.turn, steps: event.steps };
      break;
    case "toolCallStarted":
    case "toolCallWaiting":
    case "toolCallOutput":
    case "toolCallCompleted":
    case "callAllowed":
      foldCall(draft, event);
      break;
    case "sandboxSeen":
      foldSeen(draft, event);
      break;
    case "backgroundStarted":
      draft.background = [...draft.background, { ...event.command, startedAt: event.at }];
      break;
    case "commandEnded":
      foldEnd(draft, event);
      break;
    case "permissionRequested":
    case "permissionSettled":
      foldPermission(draft, event);
      break;
    case "grantRevoked":
      draft.allowedSeq = event.seq;
      break;
    case "changeSetApplied":
    case "changeSetUndone":
    case "changeSetRedone":
    case "changedSince":
      foldChange(draft, event);
      break;
    case "fileSaved":
      draft.entries.push({ kind: "file", id: idOf(event), ...pick(event), at: event.at });
      break;
    case "retryScheduled":
      foldRetry(draft, event);
      break;
    case "notice":
      draft.entries.push({ kind: "notice", id: idOf(event), text: event.text, error: event.error });
      break;
    default:
      // An event of a newer service: the rest of the session stays readable.
      event satisfies never;
  }
}

/** Each answer counts at once; the end of the turn says it again for all of them. */
function countUsage(draft: Draft, usage: Usage): void {
  draft.turnUsage = sum(draft.turnUsage, usage);
}

const idOf = (event: SessionEvent): string => `event-${event.seq}`;

function pick({ document, path, size, title }: Body<"fileSaved">): Omit<Body<"fileSaved">, "type"> {
  return { document, path, size, title };
}

type DocumentEvent =
  Body<"documentAttached"> | Body<"documentDetached"> | Body<"folderAttached"> | Body<"folderDetached">;

function foldDocuments(draft: Draft, event: DocumentEvent): void {
  if (event.type === "folderAttached") {
    // Attached again, it may be readable only where it was not before.
    const { path, readOnly } = event;
    const known = draft.folders.some((folder) => folder.path === path);
    draft.folders = known
      ? draft.folders.map((folder) => (folder.path === path ? { path, readOnly } : folder))
      : [...draft.folders, { path, readOnly }];
  } else if (event.type === "folderDetached") {
    draft.folders = draft.folders.filter((folder) => folder.path !== event.path);
  } else if (event.type === "documentDetached") {
    draft.documents = draft.documents.filter((document) => document.id !== event.document);
  } else {
    const known = draft.documents.some((document) => document.id === event.document.id);
    draft.documents = known
      ? draft.documents.map((document) => (document.id === event.document.id ? event.document : document))
      : [...draft.documents, event.document];
  }
}

function foldTurn(draft: Draft, event: SessionEvent & (Body<"promptAccepted"> | Body<"turnEnded">)): void {
  if (event.type === "promptAccepted") {
    const { clientId: id, turn, text, from } = event;
    draft.entries.push({ kind: "prompt", id, turn, text, from, at: event.at });
    if (!event.steering) {
      draft.turnUsage = NO_USAGE;
    }
    draft.turn = turn;
    return;
  }
  draft.turn = undefined;
  draft.stopping = false;
  if (draft.plan?.steps.some((step) => step.state === "active")) {
    const rest = (step: PlanStep): PlanStep => (step.state === "active" ? { ...step, state: "pending" } : step);
    draft.plan = { ...draft.plan, steps: draft.plan.steps.map(rest) };
  }
  draft.usage = sum(draft.usage, event.usage);
  draft.turnUsage = event.usage;
  draft.entries = draft.entries
    .filter((entry) => !(entry.kind === "summary" && entry.text === undefined))
    .map((entry) => settleAtEnd(entry, event));
  if (event.outcome === "cancelled") {
    draft.entries.push({ kind: "stopped", id: idOf(event) });
  } else if (typeof event.outcome === "object") {
    draft.entries.push({ kind: "failure", id: idOf(event), error: event.outcome.failed });
  }
}

/** What a turn leaves in the middle when it ends: nothing goes on moving. */
function settleAtEnd(entry: Entry, event: SessionEvent & Body<"turnEnded">): Entry {
  if (entry.kind === "message" && entry.state === "streaming") {
    return { ...entry, state: "cut" };
  }
  if (entry.kind === "call" && entry.turn === event.turn && entry.state === "running") {
    return { ...entry, state: "stopped", waiting: undefined };
  }
  if (entry.kind === "approval" && entry.request.turn === event.turn && entry.settled === undefined) {
    return { ...entry, settled: { choice: "deny", by: "void", at: event.at } };
  }
  return entry.kind === "retry" && entry.turn === event.turn ? { ...entry, over: true } : entry;
}

type MessageEvent = Body<"messageStarted"> | Body<"textDelta"> | Body<"messageReset"> | Body<"messageCompleted">;

function foldMessage(draft: Draft, event: MessageEvent): void {
  endRetries(draft);
  const message: MessageEntry = find(draft, "message", event.message) ?? {
    kind: "message",
    id: event.message,
    text: "",
    state: "streaming",
  };
  if (event.type === "textDelta") {
    put(draft, { ...message, text: message.text + event.text });
  } else if (event.type === "messageReset") {
    put(draft, { ...message, text: "" });
  } else if (event.type === "messageCompleted") {
    put(draft, { ...message, text: textOf(event.blocks), state: event.stop === "maxTokens" ? "cut" : "done" });
  } else {
    put(draft, message);
  }
}

function foldSummary(draft: Draft, event: Body<"compactionStarted"> | Body<"contextCompacted">): void {
  endRetries(draft);
  // A request that was too long brought no word; the answer comes as another message.
  draft.entries = draft.entries.filter(
    (entry) =>
      !(entry.kind === "message" && entry.state === "streaming" && entry.text === "") &&
      !(entry.kind === "summary" && entry.text === undefined && entry.id !== event.message),
  );
  const text = event.type === "contextCompacted" ? event.summary : undefined;
  put(draft, { kind: "summary", id: event.message, text });
}

function textOf(blocks: readonly Block[]): string {
  return blocks.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n\n");
}

type CallEvent = SessionEvent &
  (
    | Body<"toolCallStarted">
    | Body<"toolCallWaiting">
    | Body<"toolCallOutput">
    | Body<"toolCallCompleted">
    | Body<"callAllowed">
  );

function foldCall(draft: Draft, event: CallEvent): void {
  if (event.type === "toolCallStarted") {
    const { call: id, turn, title, input, document, target } = event;
    const command = commandOf(event);
    put(draft, {
      ...{ kind: "call", id, turn, title, input, command, document, target, startedAt: event.at, state: "running" },
      ...{ allowedBy: undefined, waiting: undefined, output: undefined, durationMs: undefined },
      ...{ live: undefined, tier: undefined, seen: undefined },
    });
    return;
  }
  const call = find(draft, "call", event.call);
  if (call === undefined) {
    return;
  }
  if (event.type === "toolCallWaiting") {
    put(draft, { ...call, waiting: event.error });
  } else if (event.type === "callAllowed") {
    put(draft, { ...call, allowedBy: event.by });
  } else if (event.type === "toolCallOutput") {
    // Words that come after the end, as from a log that is read again, change nothing.
    if (call.state === "running") {
      put(draft, { ...call, waiting: undefined, live: written(call.live, event.text) });
    }
  } else {
    const { outcome: state, title, output, durationMs, tier } = event;
    put(draft, { ...call, state, title, output, durationMs, tier, waiting: undefined, live: undefined });
  }
}

/** The tool that runs commands. */
const BASH = "Bash";

function commandOf({ name, input }: Body<"toolCallStarted">): string | undefined {
  const given = name === BASH && typeof input === "object" && input !== null ? input : {};
  return "command" in given && typeof given.command === "string" ? given.command : undefined;
}

function foldSeen(draft: Draft, event: SessionEvent & Body<"sandboxSeen">): void {
  const call = event.call === undefined ? undefined : find(draft, "call", event.call);
  if (call !== undefined) {
    put(draft, { ...call, seen: withSights(call.seen ?? NOTHING_SEEN, event, event.at) });
    return;
  }
  const last = draft.entries.at(-1);
  const known = last?.kind === "seen" ? last : { kind: "seen" as const, id: idOf(event), seen: NOTHING_SEEN };
  put(draft, { ...known, seen: withSights(known.seen, event, event.at) });
}

/** That a command ended is said where somebody ended it: what it came to by itself its call or the agent says. */
function foldEnd(draft: Draft, event: SessionEvent & Body<"commandEnded">): void {
  const { command: id, call, by } = event;
  const left = draft.background.find((one) => one.id === id);
  draft.background = draft.background.filter((one) => one.id !== id);
  if (by !== "itself" && by !== "agent") {
    const command = left?.command ?? find(draft, "call", call)?.command;
    put(draft, { kind: "ended", id, by, command });
  }
}

function foldPermission(
  draft: Draft,
  event: SessionEvent & (Body<"permissionRequested"> | Body<"permissionSettled">),
): void {
  if (event.type === "permissionRequested") {
    put(draft, { kind: "approval", id: event.request.id, request: event.request, settled: undefined });
    return;
  }
  draft.allowedSeq = event.seq;
  const approval = find(draft, "approval", event.permission);
  if (approval?.settled === undefined && approval !== undefined) {
    const { choice, by, at, folder } = event;
    put(draft, { ...approval, settled: { choice, by, at, folder } });
  }
}

type ChangeEvent = Body<"changeSetApplied"> | Body<"changeSetUndone"> | Body<"changeSetRedone"> | Body<"changedSince">;

function foldChange(draft: Draft, event: SessionEvent & ChangeEvent): void {
  if (event.type === "changeSetApplied") {
    draft.changes.push({ set: event.changeSet, undoneAt: undefined, kept: [], changedSince: [] });
    if (isRemoval(event.changeSet)) {
      draft.entries.push({ kind: "removed", id: event.changeSet.id });
    }
    return;
  }
  draft.changes = draft.changes.map((change) => {
    if (change.set.id !== event.changeSet) {
      return change;
    }
    if (event.type === "changeSetUndone") {
      return { ...change, undoneAt: event.at, kept: event.kept, changedSince: [] };
    }
    return event.type === "changeSetRedone"
      ? { ...change, undoneAt: undefined, kept: [] }
      : { ...change, changedSince: [...new Set([...change.changedSince, ...event.targets])] };
  });
}

function foldRetry(draft: Draft, event: SessionEvent & Body<"retryScheduled">): void {
  const { turn, error, attempt, waitMs } = event;
  const last = draft.entries.findLast((entry): entry is RetryEntry => entry.kind === "retry" && !entry.over);
  if (last === undefined) {
    draft.entries.push({ kind: "retry", id: idOf(event), turn, error, attempt, waitedMs: waitMs, over: false });
  } else {
    put(draft, { ...last, error, attempt, waitedMs: last.waitedMs + waitMs });
  }
}

function endRetries(draft: Draft): void {
  const last = draft.entries.findLast((entry): entry is RetryEntry => entry.kind === "retry" && !entry.over);
  if (last !== undefined) {
    put(draft, { ...last, over: true });
  }
}

function find<K extends Entry["kind"]>(draft: Draft, kind: K, id: string): Extract<Entry, { kind: K }> | undefined {
  return draft.entries.findLast(
    (entry): entry is Extract<Entry, { kind: K }> => entry.kind === kind && entry.id === id,
  );
}

/** Puts an entry in the place of the one it follows, or at the end. */
function put(draft: Draft, entry: Entry): void {
  const at = draft.entries.findLastIndex((each) => each.kind === entry.kind && each.id === entry.id);
  if (at < 0) {
    draft.entries.push(entry);
  } else {
    draft.entries[at] = entry;
  }
}
