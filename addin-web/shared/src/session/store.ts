// What this front end knows now, and what a person can do with it. Holds the model of one session at a time.
//
// Knows no component and no Office; actions that fail leave one error for the person to read.
import { asUserError } from "../client/rpc.ts";
import type { ClientListener, Connection, SessionClient } from "../client/session-client.ts";
import type {
  Choice,
  DocumentId,
  DocumentView,
  FrontEndKind,
  HelloAnswer,
  LiveDocument,
  Notifications,
  PairingView,
  PermissionMode,
  SearchHit,
  ServiceView,
  SessionId,
  SessionSummary,
  UserError,
} from "../generated/protocol.ts";
import { fold } from "./fold.ts";
import { emptyModel, type SessionModel } from "./model.ts";

export interface PendingPrompt {
  clientId: string;
  text: string;
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
  error: UserError | undefined;
}

export interface PromptDraft {
  text: string;
  documents: DocumentId[];
  selection: string | undefined;
  model: string | undefined;
  mode: PermissionMode;
}

const initial: State = {
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
  error: undefined,
};

export class SessionStore implements ClientListener {
  private state: State = initial;
  private readonly watchers = new Set<() => void>();
  private client: SessionClient | undefined;
  /** True once a session was chosen or a new one asked for, so that a reconnect does not choose again. */
  private chosen = false;

  constructor(
    readonly kind: FrontEndKind,
    private readonly newId: () => string = () => crypto.randomUUID(),
  ) {}

  attach(client: SessionClient): void {
    this.client = client;
  }

  // What components read.

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  readonly current = (): State => this.state;

  // What the client tells.

  connection(connection: Connection): void {
    this.update({ connection });
  }

  hello(answer: HelloAnswer): void {
    this.update({ view: answer.view, sessions: answer.sessions, open: answer.documents, own: answer.document });
    if (!this.chosen) {
      const newest = newestFirst(answer.sessions)[0];
      if (newest !== undefined) {
        this.choose(newest.id);
      }
    }
    if (this.kind === "window") {
      void this.listPairings();
    }
  }

  notification<N extends keyof Notifications>(name: N, params: Notifications[N]["params"]): void {
    this.heard[name]?.(params);
  }

  private readonly heard: { [N in keyof Notifications]?: (params: Notifications[N]["params"]) => void } = {
    "session/update": ({ session, events }) => {
      if (session === this.state.model.id) {
        this.folded(fold(this.state.model, events));
      }
    },
    "session/changed": ({ session }) => {
      const others = this.state.sessions.filter((each) => each.id !== session.id);
      this.update({ sessions: [session, ...others] });
    },
    "session/removed": ({ session }) => {
      this.update({ sessions: this.state.sessions.filter((each) => each.id !== session) });
      if (this.state.model.id === session) {
        this.startNew();
      }
    },
    "document/listChanged": ({ documents: open }) => {
      this.update({ open });
    },
    "service/changed": (view) => {
      this.update({ view });
    },
    "pairing/requested": (pairing) => {
      this.update({ pairings: [...this.state.pairings, pairing] });
    },
    "pairing/settled": ({ pairing }) => {
      this.update({ pairings: this.state.pairings.filter((each) => each.pairing !== pairing) });
    },
  };

  private folded(model: SessionModel): void {
    const prompts = new Set(model.entries.flatMap((entry) => (entry.kind === "prompt" ? [entry.id] : [])));
    const pending = this.state.pending.filter((prompt) => !prompts.has(prompt.clientId));
    this.update({ model, pending });
  }

  // What the pane's document tells.

  documentDescribed(described: LiveDocument): void {
    this.update({ described });
  }

  ownDocument(own: DocumentView): void {
    this.update({ own });
  }

  selectionChanged(selection: string | undefined): void {
    this.update({ selection });
  }

  // What a person does.

  choose(session: SessionId): void {
    if (session === this.state.model.id) {
      return;
    }
    this.chosen = true;
    this.update({ model: emptyModel(session), pending: [], error: undefined });
    this.client?.follow(session, () => (this.state.model.id === session ? this.state.model.lastSeq : 0));
  }

  startNew(): void {
    this.chosen = true;
    this.update({ model: emptyModel(), pending: [], error: undefined });
    this.client?.follow(undefined, () => 0);
  }

  async prompt(draft: PromptDraft): Promise<void> {
    const clientId = this.newId();
    this.update({ pending: [...this.state.pending, { clientId, text: draft.text }], error: undefined });
    try {
      const session = this.state.model.id ?? (await this.create());
      await this.client?.persist("session/prompt", {
        session,
        clientId,
        text: draft.text,
        documents: draft.documents,
        mode: draft.mode,
        ...(draft.selection === undefined ? {} : { selection: draft.selection }),
        ...(draft.model === undefined ? {} : { model: draft.model }),
      });
    } catch (error) {
      this.update({ pending: this.state.pending.filter((prompt) => prompt.clientId !== clientId) });
      this.failed(error);
      throw error;
    }
  }

  private async create(): Promise<SessionId> {
    const pending = this.state.pending;
    const answer = await this.client?.persist("session/create", { clientId: this.newId() });
    const session = answer?.session.id ?? "";
    if (this.state.model.id === undefined) {
      this.choose(session);
      this.update({ pending });
    }
    return session;
  }

  stop(): void {
    const session = this.state.model.id;
    if (session !== undefined && this.state.model.turn !== undefined) {
      this.act(this.client?.persist("session/cancel", { session }));
    }
  }

  answer(permission: string, choice: Choice): void {
    const session = this.state.model.id;
    if (session !== undefined) {
      this.act(this.client?.persist("permission/answer", { session, permission, choice }));
    }
  }

  select(document: DocumentId, target: string): void {
    this.act(this.client?.request("document/select", { document, target }));
  }

  async undo(changeSet: string, overwrite = false): Promise<boolean> {
    return await this.reverse("changeSet/undo", changeSet, overwrite);
  }

  async redo(changeSet: string): Promise<boolean> {
    return await this.reverse("changeSet/redo", changeSet, false);
  }

  /** Undoes standing change sets, newest first, from the newest down to `oldest`; stops at the first that fails. */
  async undoFrom(oldest: string): Promise<void> {
    const { changes } = this.state.model;
    const from = changes.findIndex((change) => change.set.id === oldest);
    for (const change of changes.slice(Math.max(from, 0)).reverse()) {
      if (change.undoneAt === undefined && !(await this.undo(change.set.id))) {
        return;
      }
    }
  }

  private async reverse(method: "changeSet/undo" | "changeSet/redo", changeSet: string, overwrite: boolean) {
    const session = this.state.model.id;
    if (session === undefined || this.state.reversing.includes(changeSet)) {
      return false;
    }
    this.update({ reversing: [...this.state.reversing, changeSet], error: undefined });
    try {
      await this.client?.request(method, { session, changeSet, overwrite });
      return true;
    } catch (error) {
      this.failed(error);
      return false;
    } finally {
      this.update({ reversing: this.state.reversing.filter((each) => each !== changeSet) });
    }
  }

  attachPath(path: string, folder: boolean): void {
    void this.withSession(async (session) => {
      await this.client?.request(folder ? "folder/attach" : "document/attach", { session, path });
    });
  }

  detach(document: DocumentId): void {
    void this.withSession(async (session) => {
      await this.client?.request("document/detach", { session, document });
    });
  }

  rename(session: SessionId, title: string): void {
    this.act(this.client?.request("session/rename", { session, title }));
  }

  delete(session: SessionId): void {
    this.act(this.client?.request("session/delete", { session }));
  }

  async search(text: string): Promise<readonly SearchHit[]> {
    const answer = await this.client?.request("session/search", { text, limit: 50 });
    return answer?.hits ?? [];
  }

  answerPairing(pairing: string, allow: boolean): void {
    this.update({ pairings: this.state.pairings.filter((each) => each.pairing !== pairing) });
    this.act(this.client?.request("pairing/answer", { pairing, allow }));
  }

  reconnect(): void {
    this.client?.retry();
  }

  /** An error that this page found by itself. */
  report(error: UserError): void {
    this.update({ error });
  }

  dismissError(): void {
    this.update({ error: undefined });
  }

  private async listPairings(): Promise<void> {
    try {
      const answer = await this.client?.request("pairing/list", {});
      this.update({ pairings: answer?.pairings ?? [] });
    } catch (error) {
      this.failed(error);
    }
  }

  private async withSession(run: (session: SessionId) => Promise<void>): Promise<void> {
    try {
      await run(this.state.model.id ?? (await this.create()));
    } catch (error) {
      this.failed(error);
    }
  }

  private act(request: Promise<unknown> | undefined): void {
    request?.catch((error: unknown) => {
      this.failed(error);
    });
  }

  private failed(error: unknown): void {
    this.update({ error: asUserError(error) });
  }

  private update(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    this.watchers.forEach((watcher) => {
      watcher();
    });
  }
}

export function newestFirst(sessions: readonly SessionSummary[]): SessionSummary[] {
  return [...sessions].sort((left, right) => right.updatedAt - left.updatedAt);
}
