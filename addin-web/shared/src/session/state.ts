// What a front end knows of the service, its session and its documents; changed by the store alone.
import type { Connection } from "../client/session-client.ts";
import type {
  DocumentId,
  DocumentView,
  FigureCheck,
  LiveDocument,
  PairingView,
  PermissionMode,
  ServiceView,
  SessionId,
  SessionSummary,
  UserError,
} from "../generated/protocol.ts";
import { emptyModel, type SessionModel } from "./model.ts";

/** A prompt that the service has not acknowledged. Its ids let it be sent again without being taken twice. */
export interface PendingPrompt {
  clientId: string;
  /** The id for making a session, where there was none. */
  createId: string;
  session: SessionId | undefined;
  draft: PromptDraft;
}

/** The figures of the session beside their sources, as they were found last. */
export interface FiguresFound {
  figures: readonly FigureCheck[];
  at: number;
}

export interface State {
  connection: Connection;
  view: ServiceView | undefined;
  sessions: readonly SessionSummary[];
  model: SessionModel;
  /** Documents that are open in Office. */
  open: readonly DocumentView[];
  /** The document that this pane stands in. */
  own: DocumentView | undefined;
  /** What the pane said about its document. */
  described: LiveDocument | undefined;
  selection: string | undefined;
  pairings: readonly PairingView[];
  /** Prompts that the service has not acknowledged. */
  pending: readonly PendingPrompt[];
  /** Change sets whose undo or redo runs. */
  reversing: readonly string[];
  /** Change sets of files that were not undone, because somebody changed the file since. */
  conflicts: readonly string[];
  figures: FiguresFound | undefined;
  /** True while figures are compared with their sources. */
  checking: boolean;
  /** Tokens that the person lets a turn use. */
  budget: number | undefined;
  /** The last action that failed. */
  error: UserError | undefined;
  /** Why this pane has no document. */
  detached: UserError | undefined;
}

export interface PromptDraft {
  text: string;
  documents: DocumentId[];
  selection: string | undefined;
  model: string | undefined;
  mode: PermissionMode;
  /** Tokens that the turn may use. */
  budget?: number | undefined;
}

export const initial: State = {
  connection: { kind: "connecting" },
  view: undefined,
  sessions: [],
  model: emptyModel(),
  open: [],
  own: undefined,
  described: undefined,
  selection: undefined,
  pairings: [],
  pending: [],
  reversing: [],
  conflicts: [],
  figures: undefined,
  checking: false,
  budget: undefined,
  error: undefined,
  detached: undefined,
};

/** The session's documents as they are now: live only while Office has them open. */
export function sessionDocuments({ model, open }: State): DocumentView[] {
  return model.documents.map((document) => {
    const live = open.find((each) => each.id === document.id);
    return live ?? (document.state === "live" ? { ...document, state: "closed" } : document);
  });
}

/** A document of the session or open in Office, as it is now. */
export function documentNow(state: State, id: DocumentId | undefined): DocumentView | undefined {
  return [...state.open, ...sessionDocuments(state)].find((document) => document.id === id);
}

export function newestFirst(sessions: readonly SessionSummary[]): SessionSummary[] {
  return [...sessions].sort((left, right) => right.updatedAt - left.updatedAt);
}
