// A session as a front end shows it: what the fold of its events gives.
import type {
  BackgroundCommand,
  CallId,
  ChangeSet,
  ChangeSetId,
  Choice,
  CommandEnd,
  DocumentId,
  DocumentView,
  FrontEndKind,
  MessageId,
  PermissionRequest,
  PlanStep,
  SandboxTier,
  SessionId,
  SettledBy,
  ToolOutcome,
  TurnId,
  Usage,
  UserError,
} from "../generated/protocol.ts";
import type { Live, Seen } from "./sandbox.ts";
import { NO_USAGE, sum } from "./usage.ts";

export interface PromptEntry {
  kind: "prompt";
  id: string;
  turn: TurnId;
  text: string;
  from: FrontEndKind;
  at: number;
}

export interface MessageEntry {
  kind: "message";
  id: MessageId;
  text: string;
  /** `cut`: it reached the limit of tokens, or its turn ended before it was whole. */
  state: "streaming" | "done" | "cut";
}

export interface CallEntry {
  kind: "call";
  id: CallId;
  turn: TurnId;
  title: string;
  input: unknown;
  /** What runs in the sandbox; absent of other calls. */
  command: string | undefined;
  document: DocumentId | undefined;
  target: string | undefined;
  startedAt: number;
  state: "running" | ToolOutcome;
  /** What allowed it without a question, where it would have been asked about. */
  allowedBy: SettledBy | undefined;
  /** What it waits for while it runs. */
  waiting: UserError | undefined;
  output: string | undefined;
  durationMs: number | undefined;
  /** What it wrote while it runs; the output says it all once it has ended. */
  live: Live | undefined;
  /** Where code ran. */
  tier: SandboxTier | undefined;
  /** What was seen in the sandbox meanwhile. */
  seen: Seen | undefined;
}

export interface ApprovalEntry {
  kind: "approval";
  id: string;
  request: PermissionRequest;
  settled: { choice: Choice; by: SettledBy; at: number; folder?: string | undefined } | undefined;
}

export interface RetryEntry {
  kind: "retry";
  id: string;
  turn: TurnId;
  error: UserError;
  attempt: number;
  /** All pauses of this run of tries, in milliseconds. */
  waitedMs: number;
  /** True once the provider answered again. */
  over: boolean;
}

export interface NoticeEntry {
  kind: "notice";
  id: string;
  text: string;
  error: UserError | undefined;
}

export interface FailureEntry {
  kind: "failure";
  id: string;
  error: UserError;
}

export interface StoppedEntry {
  kind: "stopped";
  id: string;
}

/** The model goes on from a summary of the earlier conversation. */
export interface SummaryEntry {
  kind: "summary";
  id: MessageId;
  /** Undefined while it is awaited, empty where the model could give none. */
  text: string | undefined;
}

/** The service was restarted in the middle of the turn and went on. */
export interface ResumedEntry {
  kind: "resumed";
  id: string;
}

export interface FileEntry {
  kind: "file";
  id: string;
  document: DocumentId;
  path: string;
  size: number;
  title: string;
  at: number;
}

/** A file was deleted; the change set of this id brings it back. */
export interface RemovedEntry {
  kind: "removed";
  id: ChangeSetId;
}

/** A command that somebody ended: a person, or what took back what it could do. */
export interface EndedEntry {
  kind: "ended";
  id: string;
  by: CommandEnd;
  /** The command, where it is known. */
  command: string | undefined;
}

/** What was seen in the sandbox while no call ran. */
export interface SeenEntry {
  kind: "seen";
  id: string;
  seen: Seen;
}

export type Entry =
  | PromptEntry
  | MessageEntry
  | CallEntry
  | ApprovalEntry
  | RetryEntry
  | NoticeEntry
  | FailureEntry
  | StoppedEntry
  | SummaryEntry
  | ResumedEntry
  | FileEntry
  | RemovedEntry
  | EndedEntry
  | SeenEntry;

export interface ChangeState {
  set: ChangeSet;
  /** When it was undone; absent while it stands. */
  undoneAt: number | undefined;
  /** Places that an undo left alone. */
  kept: readonly string[];
  /** Places that a person changed since. */
  changedSince: readonly string[];
}

export interface FolderState {
  path: string;
  readOnly: boolean;
}

/** A command that was left to run. */
export type BackgroundState = BackgroundCommand & { startedAt: number };

export interface SessionModel {
  id: SessionId | undefined;
  /** The number of the last event that was folded in; the cursor. */
  lastSeq: number;
  title: string;
  entries: readonly Entry[];
  plan: { turn: TurnId; steps: readonly PlanStep[] } | undefined;
  /** The turn that runs. */
  turn: TurnId | undefined;
  /** True once somebody asked to stop it. */
  stopping: boolean;
  documents: readonly DocumentView[];
  folders: readonly FolderState[];
  /** Commands that run in the background, oldest first. */
  background: readonly BackgroundState[];
  /** Oldest first. */
  changes: readonly ChangeState[];
  /** The number of the last event after which other things may be allowed than before. */
  allowedSeq: number;
  /** Of the turns that ended. */
  usage: Usage;
  /** Of the turn that runs, else of the last one. */
  turnUsage: Usage;
}

export function emptyModel(id?: SessionId): SessionModel {
  return {
    id,
    lastSeq: 0,
    title: "",
    entries: [],
    plan: undefined,
    turn: undefined,
    stopping: false,
    documents: [],
    folders: [],
    background: [],
    changes: [],
    allowedSeq: 0,
    usage: NO_USAGE,
    turnUsage: NO_USAGE,
  };
}

/** What the session used so far, with the turn that runs. */
export function usedBy(model: SessionModel): Usage {
  return model.turn === undefined ? model.usage : sum(model.usage, model.turnUsage);
}

/** How the service names the deletion of a file. */
const REMOVED = " moved to the journal";

/** True where a file was deleted, so that to undo it is to restore the file. */
export function isRemoval({ entries, title }: ChangeSet): boolean {
  return entries[0]?.kind === "file" && title.endsWith(REMOVED);
}

/** The requests that wait for a person, oldest first. */
export function openApprovals(model: SessionModel): ApprovalEntry[] {
  return model.entries.filter((entry) => entry.kind === "approval" && entry.settled === undefined) as ApprovalEntry[];
}
