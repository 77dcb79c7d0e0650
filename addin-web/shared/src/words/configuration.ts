// The words of the configuration window. What a setting is and what is wrong with it comes from the service.
import type { ExportContent, ProblemWeight, SettingOrigin, TestState, TestStep } from "../generated/protocol.ts";
import { number } from "../text/format.ts";

const settings = (count: number): string => (count === 1 ? "1 setting" : `${number(count)} settings`);
const changes = (count: number): string => (count === 1 ? "1 change" : `${number(count)} changes`);

export const configuration = {
  title: "Configuration",
  open: "Configuration",
  back: "Back to the sessions",
  pages: "Pages",
  reading: "Reading the settings",
  search: "Search",
  searchLabel: "Search settings",
  found: (count: number, text: string) => `${settings(count)} found for “${text}”`,
  nothingFound: "No setting has these words in its name, key or description.",
  egress: "Egress requirements",
  readAt: (time: string) => `Read ${time}`,
  changed: "Changed, not applied yet",

  managed: "Managed by your organisation.",
  fixed: (fixed: number, of: number) =>
    fixed === 0
      ? "No setting on this page is fixed."
      : `${number(fixed)} of ${settings(of)} on this page ${fixed === 1 ? "is" : "are"} fixed. Choose a padlock to see who set it and why.`,
  padlock: (title: string) => `${title} is set by your organisation: reason`,
  setBy: "Set by your organisation",
  atDefault: "Your organisation left it at its default.",
  key: "Key",
  source: "Source",
  questions: "Questions",
  ask: "Ask your administrator",
  quote: (text: string) => `“${text}”`,
  from: (origin: SettingOrigin, time: string) => `${origins[origin]}, read ${time}`,

  unset: "Not set",
  unsetDefault: (value: string) => `Default: ${value}`,
  on: "On",
  off: "Off",
  secretKept: "Stored, never shown",
  none: "None",
  secretHint: "Kept in the secret store of this computer, never shown again.",
  secretRemove: "Remove",
  secretRemoved: "Removed with Apply",
  ownValue: "Set by you.",
  useDefault: "Use the default",
  useDefaultOf: (title: string) => `Use the default: ${title}`,
  keepOf: (title: string) => `Take back the change: ${title}`,
  keep: "Take back",
  linesHint: "One entry a line.",
  objectsHint: "One entry a line; an entry with parts as JSON.",
  inert: (count: number) => `${settings(count)} without effect in this build`,

  test: {
    begin: "Test connection",
    title: "Test of the connection",
    running: "Testing the connection",
    asking: "asking",
    stop: "Stop",
    passed: (time: string) => `The connection works (${time})`,
    failed: (time: string) => `The connection does not work (${time})`,
    stopped: "Nobody was asked.",
    took: (milliseconds: number) => `${number(milliseconds)} ms`,
    steps: {
      name: "Name (DNS)",
      proxy: "Proxy",
      tls: "Connection (TLS)",
      signIn: "Sign-in",
      models: "Model list",
      word: "One token",
    } satisfies Record<TestStep, string>,
    states: {
      passed: "Passed",
      failed: "Failed",
      skipped: "Skipped",
      notNeeded: "Not needed",
    } satisfies Record<TestState, string>,
  },

  contacts: "Everything this computer would contact with these settings",
  noContacts: "Nothing is contacted.",
  columns: { host: "Host", port: "Port", why: "Why", key: "Key that closes it", state: "State" },
  everyPort: "All",
  openState: "Open",
  closedState: "Closed",
  notBuilt: "Not built yet",
  noHost: "None",
  content: "carries content",
  openedBy: (who: string) =>
    ({
      service: "by the service",
      sandbox: "by the sandbox",
      browser: "by your browser",
      pane: "by the Office pane",
    })[who] ?? who,

  exportAs: { values: "Settings", template: "Templates of every key", egress: "Egress requirements" } satisfies Record<
    ExportContent,
    string
  >,
  exportTitle: "Export",
  exportText: "Settings that somebody set, with the changes that are not applied yet. Secrets are left out.",
  download: "Save",
  downloadOf: (title: string) => `Save: ${title}`,
  copy: "Copy",
  copyOf: (title: string) => `Copy: ${title}`,
  copied: (title: string) => `Copied: ${title}`,
  saved: (path: string) => `Saved as ${path}`,
  leftOut: (names: readonly string[]) => `Left out, because it is secret: ${names.join(", ")}`,
  importTitle: "Import",
  importText:
    "A configuration profile, registry file or JSON, of Deskhand or of the reference product. It becomes a draft: nothing is written before you apply it.",
  importFile: "Choose a file",
  importPaste: "Or paste its text",
  importPasted: "Take over the text",
  importEmpty: "Paste a text first",
  importDone: (count: number) =>
    count === 0
      ? "The file changes nothing here."
      : `${changes(count)} from the file ${count === 1 ? "is" : "are"} in the draft.`,
  differences: (count: number) =>
    count === 1 ? "1 thing is not taken over as it is" : `${number(count)} things are not taken over as they are`,
  reaches: "Look at these before you apply: they name addresses, or programs and files of this computer",
  line: (line: number) => `line ${line}`,

  sources: "Where settings come from",
  sourceOf: { default: "No source", managed: "Administrator", managedForUser: "Administrator", bootstrap: "Bootstrap", user: "You" } satisfies Record<
    SettingOrigin,
    string
  >,
  sourceNone: "There is none",
  sourceKeys: (count: number) => (count === 1 ? "1 key" : `${number(count)} keys`),
  sourceColumns: { who: "Who", place: "Place", keys: "Holds" },
  problems: "What is wrong",
  noProblems: "Nothing is wrong in any source.",
  weight: { note: "Note", stopsSessions: "Stops sessions", refused: "Refused" } satisfies Record<ProblemWeight, string>,

  diagnostics: {
    title: "What Deskhand records about itself",
    stays: "It stays on this computer. Nothing sends it.",
    columns: { what: "What", records: "Records", key: "Closed by" },
    closed: "Closed: nothing is recorded",
    none: "None",
    show: (shown: number, count: number) =>
      shown < count ? `Show the newest ${number(shown)} of ${number(count)}` : `Show ${number(count)}`,
  },

  earlier: {
    title: "Bring your earlier sessions here?",
    text: "They are from before your organisation named this deployment, and are not shown. Brought here, your organisation's settings for keeping and auditing hold for them. Left, they stay on this computer as they are.",
    takeOver: "Bring them here",
    leave: "Leave them",
  },

  noChanges: "No changes",
  pending: (count: number) => `${changes(count)} not applied yet`,
  step: (title: string, before: string, after: string) => `${title}: ${before} to ${after}`,
  waits: "Running turns end first.",
  atOnce: "It may close something, so running turns go on under it at once.",
  waiting: "The service still runs under the settings before: a turn is at work.",
  applied: (time: string) => `Applied ${time}.`,
  applying: "Applying",
  discard: "Discard",
  apply: "Apply",
  applyNothing: "Change a setting first",
  applyWrong: (count: number) => `Correct ${settings(count)} first`,
} as const;

const origins: Record<SettingOrigin, string> = {
  default: "Default",
  managed: "Machine policy",
  managedForUser: "Policy for this user",
  bootstrap: "Bootstrap answer",
  user: "Your own settings",
};
