// What this front end knows now, and what a person can do with it. Holds the model of one session at a time.
//
// Knows no component and no Office; actions that fail leave one error for the person to read.
import { asUserError, RequestFailed } from "../client/rpc.ts";
import type { PageMemory } from "../client/page-memory.ts";
import type { ClientListener, Connection, SessionClient } from "../client/session-client.ts";
import type {
  BootstrapAnswer,
  Choice,
  CommandId,
  DiagnosticsAnswer,
  DocumentId,
  DocumentView,
  EarlierSessions,
  FrontEndKind,
  GrantView,
  HelloAnswer,
  InstructionsAnswer,
  LiveDocument,
  Notifications,
  PutInstructionsParams,
  RunningCommand,
  SearchHit,
  SessionId,
  UserError,
} from "../generated/protocol.ts";
import { type Chosen, neither, notAttached, type NotAttached, tooMany } from "./attaching.ts";
import { ConfigurationStore, noService } from "./configuration.ts";
import { fold } from "./fold.ts";
import { emptyModel, type SessionModel } from "./model.ts";
import { initial, newestFirst, type PendingPrompt, type PromptDraft, type State } from "./state.ts";
import { given, parsePending, parseTokens } from "./unsent.ts";

const DRAFT = "draft";
const UNSENT = "unsent";
const BUDGET = "budget";

/** What a person signs in to: the settings of the organisation, or the provider of the model. */
export type SignInTo = "bootstrap" | "provider";

export class SessionStore implements ClientListener {
  private state: State;
  private readonly watchers = new Set<() => void>();
  private client: SessionClient | undefined;
  /** True once a session was chosen or a new one asked for, so that a reconnect does not choose again. */
  private chosen = false;
  private lastCheck = 0;
  /** The settings, for the configuration window. */
  readonly configuration: ConfigurationStore;

  constructor(
    readonly kind: FrontEndKind,
    private readonly memory: PageMemory,
    private readonly newId: () => string = () => crypto.randomUUID(),
  ) {
    this.configuration = new ConfigurationStore(() => this.client ?? noService(), memory);
    this.state = { ...initial, budget: parseTokens(memory.read(BUDGET)) };
  }

  /** Takes the client, and sends again what a reload cut short. */
  attach(client: SessionClient): void {
    this.client = client;
    const unsent = parsePending(this.memory.read(UNSENT));
    if (unsent.length > 0) {
      this.chosen = true;
      this.pend(unsent);
      const session = unsent.at(-1)?.session;
      if (session !== undefined) {
        this.choose(session);
      }
      unsent.forEach((prompt) => {
        this.send(prompt).catch(() => undefined);
      });
    }
  }

  /** The text in the prompt box, over reloads. */
  get draft(): string {
    return this.memory.read(DRAFT) ?? "";
  }

  set draft(text: string) {
    this.memory.write(DRAFT, text);
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
      const { sessions } = this.state;
      this.update({ sessions: [session, ...sessions.filter((each) => each.id !== session.id)] });
      const begun = sessions.every((each) => each.id !== session.id && each.createdAt <= session.createdAt);
      if (begun && this.isFresh()) {
        this.choose(session.id);
      }
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
    "provider/tested": (result) => {
      this.configuration.tested(result);
    },
    "pairing/requested": (pairing) => {
      this.update({ pairings: [...this.state.pairings, pairing] });
    },
    "pairing/settled": ({ pairing }) => {
      this.update({ pairings: this.state.pairings.filter((each) => each.pairing !== pairing) });
    },
  };

  /** True on an empty new session: one that begins in another front end is shown here too. */
  private isFresh(): boolean {
    const { model, pending } = this.state;
    const { id, lastSeq, entries, documents, folders } = model;
    const content = entries.length + documents.length + folders.length + pending.length;
    return content === 0 && this.draft.trim() === "" && (id === undefined || lastSeq > 0);
  }

  private folded(model: SessionModel): void {
    const prompts = new Set(model.entries.flatMap((entry) => (entry.kind === "prompt" ? [entry.id] : [])));
    this.update({ model });
    if (this.state.pending.some((prompt) => prompts.has(prompt.clientId))) {
      this.pend(this.state.pending.filter((prompt) => !prompts.has(prompt.clientId)));
    }
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
    this.update({ model: emptyModel(session), figures: undefined, error: undefined });
    this.client?.follow(session, () => (this.state.model.id === session ? this.state.model.lastSeq : 0));
  }

  startNew(): void {
    this.chosen = true;
    this.update({ model: emptyModel(), figures: undefined, error: undefined });
    this.client?.follow(undefined, () => 0);
  }

  /** Says how many tokens a turn may use from now on; undefined for any number. */
  limit(budget: number | undefined): void {
    this.memory.write(BUDGET, budget?.toString());
    this.update({ budget });
  }

  async prompt(asked: PromptDraft): Promise<void> {
    const draft = { ...asked, budget: this.state.budget };
    const prompt = { clientId: this.newId(), createId: this.newId(), session: this.state.model.id, draft };
    this.pend([...this.state.pending, prompt]);
    this.update({ error: undefined });
    await this.send(prompt);
  }

  private async send({ clientId, createId, session: known, draft }: PendingPrompt): Promise<void> {
    const { text, documents, mode, ...more } = draft;
    try {
      const session = known ?? (await this.create(createId));
      await this.client?.persist("session/prompt", { session, clientId, text, documents, mode, ...given(more) });
    } catch (error) {
      this.pend(this.state.pending.filter((prompt) => prompt.clientId !== clientId));
      this.failed(error);
      throw error;
    }
  }

  private async create(clientId: string): Promise<SessionId> {
    const answer = await this.client?.persist("session/create", { clientId });
    const session = answer?.session.id ?? "";
    // Unless the person went on to another one meanwhile.
    if (this.state.model.id === undefined) {
      this.choose(session);
    }
    return session;
  }

  private pend(pending: readonly PendingPrompt[]): void {
    this.memory.write(UNSENT, pending.length === 0 ? undefined : JSON.stringify(pending));
    this.update({ pending });
  }

  stop(): void {
    const session = this.state.model.id;
    if (session !== undefined && this.state.model.turn !== undefined) {
      this.act(this.client?.persist("session/cancel", { session }));
    }
  }

  /** Answers a question, one about a folder maybe with another folder; false where the answer was not taken. */
  async answer(permission: string, choice: Choice, folder?: string): Promise<boolean> {
    const session = this.state.model.id;
    if (session === undefined) {
      return false;
    }
    const chosen = folder === undefined ? {} : { folder };
    this.update({ error: undefined });
    try {
      await this.client?.persist("permission/answer", { session, permission, choice, ...chosen });
      return true;
    } catch (error) {
      this.failed(error);
      return false;
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
    this.update({
      reversing: [...this.state.reversing, changeSet],
      conflicts: this.state.conflicts.filter((each) => each !== changeSet),
      error: undefined,
    });
    try {
      await this.client?.request(method, { session, changeSet, overwrite });
      return true;
    } catch (error) {
      const isOfFile = this.state.model.changes.some(
        ({ set }) => set.id === changeSet && set.entries.every((entry) => entry.kind === "file"),
      );
      if (isOfFile && asUserError(error).code === "DOC_UNDO_CONFLICT") {
        this.update({ conflicts: [...this.state.conflicts, changeSet] });
      } else {
        this.failed(error);
      }
      return false;
    } finally {
      this.update({ reversing: this.state.reversing.filter((each) => each !== changeSet) });
    }
  }

  /** Compares the session's figures with their sources; what was found before stays until the answer is there. */
  async checkFigures(): Promise<void> {
    const session = this.state.model.id;
    if (session === undefined) {
      return;
    }
    // Only the answer to the last question counts.
    const check = ++this.lastCheck;
    this.update({ checking: true });
    try {
      const answer = await this.client?.request("figure/check", { session });
      if (answer !== undefined && check === this.lastCheck && session === this.state.model.id) {
        this.update({ figures: { figures: answer.figures, at: Date.now() } });
      }
    } catch (error) {
      this.failed(error);
    } finally {
      if (check === this.lastCheck) {
        this.update({ checking: false });
      }
    }
  }

  attachPath(path: string, folder: boolean): void {
    void this.withSession(async (session) => {
      await this.client?.request(folder ? "folder/attach" : "document/attach", { session, path });
    });
  }

  /** Attaches what a person chose or dropped, one after the other; one error says what of it was not attached. */
  async attachAll(chosen: Chosen): Promise<void> {
    const { items, total } = chosen;
    this.update({ error: undefined });
    if (total > items.length) {
      this.report(tooMany(chosen));
      return;
    }
    const failed: NotAttached[] = [];
    await this.withSession(async (session) => {
      for (const { path, kind } of items) {
        try {
          if (kind === "other") {
            throw new RequestFailed(neither());
          }
          await this.client?.request(kind === "folder" ? "folder/attach" : "document/attach", { session, path });
        } catch (error) {
          failed.push({ path, error: asUserError(error) });
        }
      }
    });
    const error = notAttached(failed, items.length);
    if (error !== undefined) {
      this.report(error);
    }
  }

  detach(document: DocumentId): void {
    void this.withSession(async (session) => {
      await this.client?.request("document/detach", { session, document });
    });
  }

  detachFolder(path: string): void {
    void this.withSession(async (session) => {
      await this.client?.request("folder/detach", { session, path });
    });
  }

  /** What was allowed for longer than once, here and in every session; nothing where the service does not tell. */
  async grants(): Promise<readonly GrantView[] | undefined> {
    const session = this.state.model.id;
    try {
      return (await this.client?.request("permission/grants", session === undefined ? {} : { session }))?.grants;
    } catch (error) {
      this.failed(error);
      return undefined;
    }
  }

  async revoke({ id, expiresAt }: GrantView): Promise<void> {
    const session = expiresAt === undefined ? this.state.model.id : undefined;
    try {
      await this.client?.request("permission/revoke", session === undefined ? { id } : { id, session });
    } catch (error) {
      this.failed(error);
    }
  }

  /** What the model is told beside the conversation; nothing where the service does not tell. */
  async instructions(): Promise<InstructionsAnswer | undefined> {
    try {
      return await this.client?.request("instructions/list", {});
    } catch (error) {
      this.failed(error);
      return undefined;
    }
  }

  /** Writes, pauses or, with an empty text, deletes; undefined where that was refused, and the reason is shown. */
  async putInstructions(params: PutInstructionsParams): Promise<InstructionsAnswer | undefined> {
    try {
      return await this.client?.request("instructions/put", params);
    } catch (error) {
      this.failed(error);
      return undefined;
    }
  }

  /** The commands that run now; nothing where the service does not tell, which the list says by having no details. */
  async commands(): Promise<readonly RunningCommand[] | undefined> {
    const session = this.state.model.id;
    const answer = session === undefined ? undefined : this.client?.request("command/list", { session });
    return (await answer?.catch(() => undefined))?.commands;
  }

  /** Ends a command; that it ended is told by an event. False where it could not be asked to. */
  async endCommand(command: CommandId): Promise<boolean> {
    const session = this.state.model.id ?? "";
    try {
      await this.client?.request("command/end", { session, command });
      return true;
    } catch (error) {
      this.failed(error);
      return false;
    }
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

  /** Begins a sign-in, and asks for the organisation's settings where it is for them; gives the page, in the window. */
  async signIn(to: SignInTo): Promise<string | undefined> {
    try {
      return (await this.client?.request(`${to}/signIn`, {}))?.page;
    } catch (error) {
      // The card says what went wrong; only what it cannot know is said here.
      const view = to === "bootstrap" ? this.state.view?.bootstrap : this.state.view?.signIn;
      if (view?.problem === undefined) {
        this.failed(error);
      }
      return undefined;
    }
  }

  cancelSignIn(to: SignInTo): void {
    this.act(this.client?.request(to === "bootstrap" ? "bootstrap/cancel" : "provider/cancelSignIn", {}));
  }

  signOut(to: SignInTo): void {
    this.act(this.client?.request(`${to}/signOut`, {}));
  }

  /** The settings that wait for consent, with their whole values. */
  async bootstrap(): Promise<BootstrapAnswer | undefined> {
    try {
      return await this.client?.request("bootstrap/show", {});
    } catch (error) {
      this.failed(error);
      return undefined;
    }
  }

  consent(digest: string, allow: boolean): void {
    this.act(this.client?.request("bootstrap/consent", { digest, allow }));
  }

  /** What becomes of sessions from before the deployment had its name. */
  chooseEarlierSessions(choice: EarlierSessions): void {
    this.act(this.client?.request("history/choose", { choice }));
  }

  /** What is recorded of failures, times and use on this computer. */
  async diagnostics(): Promise<DiagnosticsAnswer | undefined> {
    try {
      return await this.client?.request("diagnostics/show", {});
    } catch (error) {
      this.failed(error);
      return undefined;
    }
  }

  reconnect(): void {
    this.client?.retry();
  }

  /** Says what could not be done, as for an action that failed. */
  report(error: UserError): void {
    this.update({ error });
  }

  documentMissing(detached: UserError): void {
    this.update({ detached });
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
      const session = this.state.model.id ?? (await this.create(this.newId()));
      await run(session);
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
