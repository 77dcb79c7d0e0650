// Puts the entries of a session into the rows of a conversation: calls of one step together, silent messages left out.
import type { CallEntry, ChangeState, Entry, SessionModel } from "./model.ts";

export type TimelineRow =
  | { kind: "entry"; key: string; entry: Exclude<Entry, CallEntry> }
  | { kind: "calls"; key: string; calls: readonly CallEntry[] }
  | { kind: "plan"; key: string }
  | { kind: "changes"; key: string; changes: readonly ChangeState[] };

/** `narrow` is a front end without a side: plan and changes stand in the conversation there. */
export function timeline(model: SessionModel, narrow: boolean): TimelineRow[] {
  const rows: TimelineRow[] = [];
  const asked = new Set(
    model.entries.flatMap((entry) =>
      entry.kind === "approval" && entry.settled === undefined ? [entry.request.call] : [],
    ),
  );
  const lastPrompt = model.entries.findLastIndex((entry) => entry.kind === "prompt" && entry.turn === model.plan?.turn);
  model.entries.forEach((entry, index) => {
    if (narrow && entry.kind === "prompt") {
      pushChanges(rows, model, index);
    }
    if (entry.kind === "call") {
      // A call that waits for an answer is the approval card itself.
      if (!asked.has(entry.id)) {
        pushCall(rows, entry);
      }
    } else if (entry.kind !== "message" || entry.text.trim() !== "") {
      rows.push({ kind: "entry", key: `${entry.kind}-${entry.id}`, entry });
    }
    if (narrow && index === lastPrompt) {
      rows.push({ kind: "plan", key: "plan" });
    }
  });
  if (narrow && model.turn === undefined) {
    pushChanges(rows, model, model.entries.length);
  }
  return rows;
}

function pushCall(rows: TimelineRow[], call: CallEntry): void {
  const last = rows.at(-1);
  if (last?.kind === "calls") {
    rows[rows.length - 1] = { ...last, calls: [...last.calls, call] };
  } else {
    rows.push({ kind: "calls", key: `calls-${call.id}`, calls: [call] });
  }
}

/** What the turn before entry `end` changed, as one card at its end. */
function pushChanges(rows: TimelineRow[], model: SessionModel, end: number): void {
  const prompt = model.entries.slice(0, end).findLast((entry) => entry.kind === "prompt");
  const next = model.entries[end];
  if (prompt?.kind !== "prompt" || (next?.kind === "prompt" && next.turn === prompt.turn)) {
    return;
  }
  const changes = model.changes.filter((change) => change.set.turn === prompt.turn);
  if (changes.length > 0) {
    rows.push({ kind: "changes", key: `changes-${prompt.turn}`, changes });
  }
}
