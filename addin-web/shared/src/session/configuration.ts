// The settings and a draft of the person's own values. Whether a value is one, and what follows from it, the service says.
//
// The draft outlives leaving the page and a reload; what may hold a secret only leaving.
import { asUserError, RequestFailed, userError } from "../client/rpc.ts";
import type { PageMemory } from "../client/page-memory.ts";
import type { SessionClient } from "../client/session-client.ts";
import type {
  CheckAnswer,
  ConfigurationAnswer,
  ConnectionTest,
  ExportedSettings,
  ImportSettingsAnswer,
  SavedFile,
  SettingsFile,
  SettingView,
  StepResult,
  UserError,
} from "../generated/protocol.ts";

/** Values by key; null for one that is no longer set. */
export type Draft = Readonly<Record<string, unknown>>;

export interface ConfigurationState {
  /** True while the window shows the settings instead of a session. */
  open: boolean;
  answer: ConfigurationAnswer | undefined;
  draft: Draft;
  /** What would follow from the draft; absent while there is none. */
  check: CheckAnswer | undefined;
  busy: "applying" | undefined;
  /** The test of the connection that is shown; without an outcome it is under way. */
  test: { steps: readonly StepResult[]; outcome?: ConnectionTest; at?: number } | undefined;
  appliedAt: number | undefined;
  imported: ImportSettingsAnswer | undefined;
  error: UserError | undefined;
}

const DRAFT = "configuration";

export class ConfigurationStore {
  private state: ConfigurationState;
  private readonly watchers = new Set<() => void>();
  private checking = false;
  /** The test that is under way. */
  private testing: ConfigurationState["test"];

  /**
   * The service starts anew under settings that were applied, just when a person goes on with them: what changes none of
   * them is asked again after the cut, where it would be lost.
   */
  constructor(
    private readonly client: () => SessionClient,
    private readonly memory: PageMemory,
  ) {
    this.state = {
      open: false,
      answer: undefined,
      draft: kept(memory.read(DRAFT)),
      check: undefined,
      busy: undefined,
      test: undefined,
      appliedAt: undefined,
      imported: undefined,
      error: undefined,
    };
  }

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  readonly current = (): ConfigurationState => this.state;

  /** Shows the settings, or the session again; the draft stays. */
  show(open: boolean): void {
    this.update({ open });
  }

  /** Reads the settings anew; what of the draft they have by now is no change any more. An error that is shown stays. */
  async load(): Promise<void> {
    try {
      this.took(await this.client().persist("configuration/get", {}));
    } catch (error) {
      this.update({ error: asUserError(error) });
    }
    await this.check();
  }

  /** Puts a value into the draft; null takes the person's own value away. */
  edit(setting: SettingView, value: unknown): void {
    if (isNoChange(setting, value)) {
      this.takeBack(setting.key);
      return;
    }
    this.drafted({ ...this.state.draft, [setting.key]: value });
    void this.check();
  }

  /** Takes one change out of the draft. */
  takeBack(key: string): void {
    this.drafted(Object.fromEntries(Object.entries(this.state.draft).filter(([name]) => name !== key)));
    void this.check();
  }

  discard(): void {
    this.drafted({});
    this.update({ check: undefined, imported: undefined, error: undefined });
  }

  async apply(): Promise<void> {
    const { answer, draft } = this.state;
    if (answer === undefined) {
      return;
    }
    await this.run(async () => {
      this.update({ busy: "applying" });
      const next = await this.client().request("configuration/apply", { version: answer.version, changes: draft });
      this.drafted({});
      this.update({ check: undefined, imported: undefined, test: undefined, appliedAt: Date.now() });
      this.took(next);
    });
    // The draft stays where it is refused; what it is based on may be another by now.
    if (this.state.error?.code === "CFG_STALE") {
      await this.load();
    }
  }

  /** Tests the connection to the provider that the draft names, one test at a time. */
  async testConnection(): Promise<void> {
    const begun: ConfigurationState["test"] = { steps: [] };
    this.testing = begun;
    this.update({ test: begun, error: undefined });
    let test: ConfigurationState["test"];
    let error: UserError | undefined;
    try {
      const outcome = await this.client().request("provider/test", { changes: this.state.draft });
      test = { steps: outcome.steps, outcome, at: Date.now() };
    } catch (failure) {
      error = asUserError(failure);
    }
    // One that was closed is shown no more.
    if (this.testing === begun) {
      this.testing = undefined;
      this.update({ test, error });
    }
  }

  /** Takes in a step of the test that is under way. */
  tested(result: StepResult): void {
    if (this.testing !== undefined) {
      const others = (this.state.test?.steps ?? []).filter(({ step }) => step !== result.step);
      this.update({ test: { steps: [...others, result] } });
    }
  }

  /** Shows the test no more, and ends one that is under way. */
  closeTest(): void {
    if (this.testing !== undefined) {
      this.testing = undefined;
      // Where the service is away, the test has ended with the connection.
      this.client().request("provider/cancelTest", {}).catch(() => undefined);
    }
    if (this.state.test !== undefined) {
      this.update({ test: undefined });
    }
  }

  /** The file of a form, with the draft in it. */
  async exportAs(format: string): Promise<ExportedSettings | undefined> {
    let exported: ExportedSettings | undefined;
    await this.run(async () => {
      exported = await this.client().persist("configuration/export", { format, changes: this.state.draft });
    });
    return exported;
  }

  /** Saves such a file in the person's downloads, and answers where it is. */
  async save(format: string): Promise<SavedFile | undefined> {
    let saved: SavedFile | undefined;
    await this.run(async () => {
      saved = await this.client().persist("configuration/save", { format, changes: this.state.draft });
    });
    return saved;
  }

  /** Takes a file into the draft. */
  async take(file: SettingsFile): Promise<void> {
    await this.run(async () => {
      this.update({ imported: undefined });
      const imported = await this.client().persist("configuration/import", file);
      this.drafted({ ...this.state.draft, ...imported.changes });
      this.update({ imported });
    });
    await this.check();
  }

  dismissError(): void {
    this.update({ error: undefined });
  }

  /** Asks what would follow, once at a time and again for what was typed meanwhile. */
  private async check(): Promise<void> {
    if (this.checking) {
      return;
    }
    this.checking = true;
    try {
      let checked: Draft | undefined;
      while (checked !== this.state.draft) {
        checked = this.state.draft;
        const empty = Object.keys(checked).length === 0;
        const check = empty ? undefined : await this.client().persist("configuration/check", { changes: checked });
        this.update({ check });
      }
    } catch {
      // What the service cannot take says so when it is applied.
    } finally {
      this.checking = false;
    }
  }

  private took(answer: ConfigurationAnswer): void {
    const settings = new Map(settingsOf(answer).map((setting) => [setting.key, setting]));
    const changes = Object.entries(this.state.draft).filter(([key, value]) => {
      const setting = settings.get(key);
      return setting === undefined || !isNoChange(setting, value);
    });
    this.update({ answer });
    if (changes.length < Object.keys(this.state.draft).length) {
      this.drafted(Object.fromEntries(changes));
      // Nothing is left to apply: the answer that it was may have been cut off.
      this.update(changes.length === 0 ? { error: undefined } : {});
    } else {
      this.drafted(this.state.draft);
    }
  }

  private drafted(draft: Draft): void {
    // A key that is not known may hold anything.
    const settings = settingsOf(this.state.answer).filter(({ secrets }) => !secrets);
    const free = new Set(settings.map(({ key }) => key));
    const plain = Object.entries(draft).filter(([key]) => free.has(key));
    this.memory.write(DRAFT, plain.length === 0 ? undefined : JSON.stringify(Object.fromEntries(plain)));
    this.update({ draft });
  }

  private async run(work: () => Promise<void>): Promise<void> {
    this.update({ error: undefined });
    try {
      await work();
    } catch (error) {
      this.update({ error: asUserError(error) });
    } finally {
      this.update({ busy: undefined });
    }
  }

  private update(change: Partial<ConfigurationState>): void {
    this.state = { ...this.state, ...change };
    this.watchers.forEach((watcher) => {
      watcher();
    });
  }
}

/** Before the client is there. */
export function noService(): never {
  throw new RequestFailed(userError("NET_SERVICE"));
}

export function settingsOf(answer: ConfigurationAnswer | undefined): SettingView[] {
  return (answer?.pages ?? []).flatMap((page) => page.sections.flatMap((section) => section.settings));
}

/** True where a value changes nothing of what the person has. */
function isNoChange(setting: SettingView, value: unknown): boolean {
  // What is shown of a secret stands for the one that is kept.
  if (setting.input.type === "secret" && value !== null) {
    return value === setting.value;
  }
  if (value === null) {
    return !setting.own;
  }
  return setting.problem === undefined && same(value, setting.value);
}

/** Whether two values are the same JSON; of objects the order of names does not count. */
export function same(left: unknown, right: unknown): boolean {
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) {
    return left === right;
  }
  if (Array.isArray(left) !== Array.isArray(right)) {
    return false;
  }
  const [one, other] = [left as Draft, right as Draft];
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => name in other && same(one[name], other[name]));
}

function kept(text: string | undefined): Draft {
  try {
    const draft: unknown = JSON.parse(text ?? "{}");
    return typeof draft === "object" && draft !== null && !Array.isArray(draft) ? (draft as Draft) : {};
  } catch {
    return {};
  }
}
