// The story of the design's pictures as events: what a service would have sent.
import type {
  ChangeSet,
  DocumentView,
  EventBody,
  FigureCheck,
  GrantView,
  InstructionsAnswer,
  ModelView,
  PermissionRequest,
  SessionEvent,
  SessionSummary,
  Usage,
} from "../shared/src/generated/protocol.ts";

export const workbook: DocumentView = {
  id: "0190c2a0-0000-7000-8000-0000000000a1",
  kind: "workbook",
  title: "Sample workbook.xlsx",
  state: "live",
};
export const deck: DocumentView = {
  id: "0190c2a0-0000-7000-8000-0000000000b1",
  kind: "deck",
  title: "Board deck.pptx",
  state: "live",
};
/** Files that a person attached; no pane has them open. */
export const files: DocumentView[] = [
  ["document", "Quarterly report.docx"],
  ["pdf", "Invoice 4711.pdf"],
  ["csv", "Sales.csv"],
  ["legacy", "Ledger 2009.xls"],
  ["workbook", "Model.xlsx"],
].map(([kind, title], index) => ({
  id: `0190c2a0-0000-7000-8000-0000000000f${String(index)}`,
  kind: kind as DocumentView["kind"],
  title: title ?? "",
  state: "closed",
}));
export const SESSION = "0190c2a0-0000-7000-8000-000000000001";

/** What a service shows of models in a region of which two leave it. */
export const offered: { models: ModelView[]; promise: string } = {
  promise:
    "Prompts and what Deskhand reads go to Amazon Bedrock in eu-central-1. A model that is marked may be answered outside of eu-central-1.",
  models: [
    {
      ...{ id: "eu.sonnet", label: "Claude Sonnet 4.5", family: "Sonnet", familyDefault: true, context: 200_000 },
      leaves: "leaves eu-central-1: anywhere in the EU",
    },
    { id: "nova", label: "Nova Pro", familyDefault: false, context: 200_000 },
    { id: "haiku", label: "Claude Haiku 4.5", family: "Haiku", familyDefault: false, context: 200_000 },
    {
      ...{ id: "global.sonnet[1m]", label: "Claude Sonnet 4.5 worldwide (1M)", family: "Sonnet", familyDefault: false },
      ...{ context: 1_000_000, leaves: "leaves eu-central-1: anywhere" },
    },
  ],
};

/** 14:40 of a day in September, in the system's own time zone. */
export const NOW = new Date(2026, 8, 18, 14, 40).getTime();
const DAY = 86_400_000;
export const at = (clock: string): number => {
  const [hours = 0, minutes = 0] = clock.split(":").map(Number);
  return new Date(NOW).setHours(hours, minutes, 0, 0);
};

/** Numbers bodies from 1, at one moment unless a body brings its own. */
export function numbered(bodies: readonly (EventBody & { at?: number })[], from = 1): SessionEvent[] {
  return bodies.map((body, index) => ({ at: at("14:31"), ...body, seq: from + index, version: 1 }));
}

const usage: Usage = { input: 18_400, output: 1_210, cacheRead: 0, cacheWrite: 0 };
export const TURN = "turn-1";

export const opening: EventBody[] = [
  { type: "sessionCreated", title: "Q3 revenue by region", tour: false },
  { type: "documentAttached", document: workbook },
];

export function prompt(turn: string, text: string): EventBody {
  const from = "excel" as const;
  return {
    type: "promptAccepted",
    turn,
    clientId: `prompt-${turn}`,
    text,
    from,
    documents: [],
    model: "",
    mode: "ask",
    steering: false,
  };
}

function call(turn: string, id: string, title: string, target?: string): EventBody {
  return {
    ...{ type: "toolCallStarted", turn, call: id, name: "read_range", input: { range: target ?? "" }, title },
    ...(target === undefined ? {} : { document: workbook.id, target }),
  };
}

function done(turn: string, id: string, title: string, durationMs: number, failed = false): EventBody {
  const outcome = failed ? ("failed" as const) : ("done" as const);
  return { type: "toolCallCompleted", turn, call: id, outcome, title, output: failed ? "" : "{}", durationMs };
}

function message(turn: string, id: string, text: string): EventBody {
  return { type: "messageCompleted", turn, message: id, blocks: [{ type: "text", text }], stop: "toolUse", usage };
}

const cite = (place: string): string => `[${place}](cite:${workbook.id}#${place})`;

export const request: PermissionRequest = {
  id: "permission-1",
  turn: TURN,
  call: "call-3",
  question: "Overwrite 8 cells on Summary?",
  reason: "reachesOutside",
  scope: "Summary!B4:B7 and D4:D7. The other cells stay as they are.",
  document: workbook.id,
  rows: [
    ["B4", "North", "1,204,500", "=SUMIFS(Revenue!F:F,Revenue!B:B,$A4)"],
    ["B5", "South", "982,150", "=SUMIFS(Revenue!F:F,Revenue!B:B,$A5)"],
    ["B6", "East", "1,090,000", "=SUMIFS(Revenue!F:F,Revenue!B:B,$A6)"],
    ["B7", "West", "770,000", "=SUMIFS(Revenue!F:F,Revenue!B:B,$A7)"],
    ["D4", "North", "1,108,100", "=B4*'[Rates.xlsx]FX'!$B$2"],
    ["D5", "South", "903,578", "=B5*'[Rates.xlsx]FX'!$B$2"],
    ["D6", "East", "1,002,800", "=B6*'[Rates.xlsx]FX'!$B$2"],
    ["D7", "West", "708,400", "=B7*'[Rates.xlsx]FX'!$B$2"],
  ].map(([cell = "", label = "", now = "", after = ""]) => ({ cell, label, now, after, formula: true })),
  total: 8,
  risks: [
    {
      cells: "D4:D7",
      reach: "read another file, Rates.xlsx",
      rule: "Formulas that reach outside this workbook ask every time.",
    },
  ],
  choices: ["allowOnce", "deny"],
};

/** A question about a new file in an attached folder, after two files, a range and a search were read. */
export const fileRequest: PermissionRequest = {
  id: "permission-file",
  turn: TURN,
  call: "call-file",
  question: "Make the new file summary.md, 3 lines?",
  reason: "creates",
  scope: "No other file changes.",
  path: "/data/Reports/2026/Quarter 3/summary.md",
  folder: "/data/Reports",
  read: [
    { document: workbook.id, target: "Notes!A1:B9" },
    { target: "/data/Reports/2026/notes.txt" },
    { target: "/data/Reports/2026/rates.txt" },
    { target: "*.md" },
  ],
  rows: [
    { cell: "1", now: "", after: "# Quarter 3", formula: false },
    { cell: "2", now: "", after: "", formula: false },
    { cell: "3", now: "", after: "Revenue was 4,101,570, and region North led with 1,248,300.", formula: false },
  ],
  total: 3,
  risks: [],
  choices: ["allowOnce", "allowSession", "allowAlways", "deny"],
};

/** One about a line that another takes the place of: both have its number. */
export const editRequest: PermissionRequest = {
  ...fileRequest,
  id: "permission-edit",
  question: "Change 2 lines of notes.txt?",
  reason: "edits",
  scope: "The other lines stay as they are.",
  path: "/data/Reports/2026/notes.txt",
  rows: [
    { cell: "4", now: "The rate of May is 4%.", after: "The rate of May is 5%.", formula: false },
    { cell: "7", now: "Draft, not checked.", after: "", formula: false },
    { cell: "7", now: "", after: "Checked against Rates.", formula: false },
  ],
  total: 3,
};

/** One about a web page whose address is long enough to carry what was read. */
export const pageRequest: PermissionRequest = {
  id: "permission-page",
  turn: TURN,
  call: "call-page",
  question: "Read a page of example.com?",
  reason: "sendsOut",
  scope: "Only this address is sent. The page is read as data.",
  web: { host: "example.com", sent: `https://example.com/rates?about=${"revenue-1248300-".repeat(12)}` },
  read: [{ target: "https://wiki.example.org/plans/2026" }],
  rows: [],
  total: 0,
  risks: [
    {
      cells: "The address",
      reach: "has 224 characters, enough to carry what was read here",
      rule: "What is this long asks every time.",
    },
  ],
  choices: ["allowOnce", "deny"],
};

/** One about a folder that the model asks for, once others had a word. */
export const folderRequest: PermissionRequest = {
  id: "permission-folder",
  turn: TURN,
  call: "call-folder",
  question: "Attach the folder 2025?",
  reason: "attaches",
  scope:
    "Deskhand could find and read the files in it and in its folders; your organisation lets it be read only. You can take it out at any time.",
  path: "/data/Archive/2025",
  directory: { reason: "to compare this quarter with the same one of last year", readOnly: true },
  read: [{ document: workbook.id, target: "Notes!A1:B9" }, { target: "/data/Reports/2026/notes.txt" }],
  rows: [],
  total: 0,
  risks: [
    {
      cells: "This session",
      reach: "has read what others may have written, and this may come from them",
      rule: "Attach a folder only if you know what it is needed for.",
    },
  ],
  choices: ["allowOnce", "deny"],
};

/** What was allowed for longer than once: for always, and in this session on a document and in a folder. */
export const grants: GrantView[] = [
  {
    ...{ id: "grant-1", reason: "creates", folder: "/data/Reports" },
    ...{ grantedAt: Date.UTC(2026, 8, 18, 12), expiresAt: Date.UTC(2026, 11, 17, 12) },
  },
  { id: "grant-2", reason: "reformats", document: workbook.id },
  { id: "grant-3", reason: "edits", folder: "/data/Reports/2026" },
];

/** A turn that waits for the answer to such a question. */
export function asked(about: PermissionRequest): SessionEvent[] {
  return numbered([
    ...opening,
    { type: "folderAttached", path: "/data/Reports", readOnly: false },
    prompt(TURN, "Write what matters of the third quarter to a file."),
    { ...call(TURN, about.call, "Writing a file"), ...{ document: undefined, target: undefined } } as EventBody,
    { type: "permissionRequested", request: about },
  ]);
}

/** A change of a file in an attached folder. */
export function fileChange(id: string, title: string, name: string, count: number): EventBody {
  const document = `/data/Reports/2026/${name}`;
  return change(id, TURN, title, "14:33", { document, kind: "file", title: name, target: "", count });
}

/** A turn that made a file, edited one and deleted one. */
export const fileTurn: SessionEvent[] = numbered([
  ...opening,
  { type: "folderAttached", path: "/data/Reports", readOnly: false },
  prompt(TURN, "Tidy up the notes."),
  fileChange("change-made", "summary.md made", "summary.md", 12),
  fileChange("change-edited", "notes.txt edited", "notes.txt", 1),
  fileChange("change-removed", "old.txt moved to the journal", "old.txt", 1),
  { type: "turnEnded", turn: TURN, outcome: "completed", usage },
]);

/** The Excel pane: a turn in the middle that waits for the person. */
export const waitingTurn: SessionEvent[] = numbered([
  ...opening,
  prompt(TURN, "Summarise Q3 revenue by region on Summary. Replace the typed numbers with formulas and add EUR."),
  {
    type: "planUpdated",
    turn: TURN,
    call: "call-0",
    steps: [
      { title: "Read Revenue, 1,840 rows", state: "done" },
      { title: "Compare with the typed totals", state: "done" },
      { title: "Write formulas to Summary", state: "active" },
      { title: "Add a chart beside the table", state: "pending" },
    ],
  },
  call(TURN, "call-1", "Reading", "Revenue!A1:H1841"),
  done(TURN, "call-1", "Read", 420),
  call(TURN, "call-2", "Comparing", "Summary!A3:D7"),
  done(TURN, "call-2", "Compared", 110),
  message(
    TURN,
    "message-1",
    `Q3 revenue is **4,101,570** ${cite("Revenue!F2:F1841")}. Region North leads with **1,248,300**, a share of 30.4% ${cite("Revenue!F2:F486")}.\n\nThree typed totals on Summary disagree with the data; North is 43,800 too low ${cite("Summary!B4")}.`,
  ),
  { type: "permissionRequested", request },
]);

function change(
  id: string,
  turn: string,
  title: string,
  clock: string,
  entry: Partial<ChangeSet["entries"][0]>,
): EventBody {
  const first = {
    document: workbook.id,
    kind: "workbook" as const,
    title: workbook.title,
    target: "Summary!B4:D7",
    count: 8,
  };
  return {
    type: "changeSetApplied",
    changeSet: { id, turn, call: id, at: at(clock), title, entries: [{ ...first, ...entry }] },
  };
}

const sources = ["Summary!B4", "Summary!B5", "Summary!B6"].map((address, index) => ({
  figure: ["Region North", "Region South", "Region East"][index] ?? "",
  document: workbook.id,
  address,
  value: [1_248_300, 982_150, 1_106_720][index] ?? 0,
}));

/** What a check of those figures finds: one source has changed since, one cannot be read. */
export const figures: FigureCheck[] = sources.map(({ figure, document, address, value }, index) => ({
  ...{ changeSet: "change-3", document: deck.id, title: deck.title, target: "slide:3", figure, at: at("14:38") },
  source: { document, title: workbook.title, address },
  then: [1_204_500, value, value][index] ?? 0,
  now: [1_248_300, value, null][index] ?? null,
  state: (["changed", "match", "unreachable"] as const)[index] ?? "match",
}));

/** The window: a second turn at work, with changes, one undone, one changed since. */
export const workingTurn: SessionEvent[] = numbered([
  ...opening,
  { type: "documentAttached", document: deck },
  { type: "folderAttached", path: "/data/Reports", readOnly: false },
  prompt(TURN, "Summarise Q3 revenue by region on Summary, with formulas and EUR."),
  {
    type: "retryScheduled",
    turn: TURN,
    error: {
      code: "INF_OVERLOADED",
      happened: "Gateway was busy.",
      kept: "Your prompt is kept.",
      action: "Wait a little.",
    },
    attempt: 2,
    waitMs: 4_000,
  },
  change("change-1", TURN, "Rounding in C4:C7", "14:29", { target: "Summary!C4:C7", count: 4 }),
  change("change-2", TURN, "Formulas in B4:D7", "14:31", {}),
  { type: "compactionStarted", turn: TURN, message: "summary-1" },
  {
    type: "contextCompacted",
    turn: TURN,
    message: "summary-1",
    summary: "Q3 revenue by region is wanted on Summary, in EUR.\nDone: formulas in Summary!B4:D7, from Revenue!F2:F1841.",
    kept: 2,
    before: 161_000,
    usage,
  },
  { type: "changeSetUndone", changeSet: "change-1", kept: [], at: at("14:35") },
  { type: "changedSince", changeSet: "change-2", targets: ["B6"] },
  message(
    TURN,
    "message-1",
    `Summary now holds live formulas. Q3 revenue is **4,101,570** ${cite("Summary!B8")}; Region North leads with **30.4%** ${cite("Summary!C4")}.`,
  ),
  { type: "turnEnded", turn: TURN, outcome: "completed", usage },
  prompt("turn-2", "Now a slide with that chart and the three main points."),
  {
    type: "planUpdated",
    turn: "turn-2",
    call: "call-0",
    steps: [
      { title: "Choose a layout of the template", state: "done" },
      { title: "Add slide 3", state: "done" },
      { title: "Chart and three points", state: "active" },
      { title: "Check every figure on the slide", state: "pending" },
    ],
  },
  call("turn-2", "call-4", "Reading layouts of Board deck"),
  done("turn-2", "call-4", "Read layouts of Board deck", 310),
  call("turn-2", "call-5", "Adding slide 3, layout “Title and two parts”"),
  done("turn-2", "call-5", "Added slide 3, layout “Title and two parts”", 1_100),
  change("change-3", "turn-2", "Slide 3 added", "14:38", {
    document: deck.id,
    kind: "deck",
    title: deck.title,
    target: "slide:3",
    count: 4,
    sources,
  }),
  call("turn-2", "call-6", "Adding a chart through PowerPoint"),
  done("turn-2", "call-6", "Chart through PowerPoint: not supported in this build", 200, true),
  call("turn-2", "call-7", "Building the chart in the file, then inserting the slide"),
  { type: "messageStarted", turn: "turn-2", message: "message-2" },
  {
    type: "textDelta",
    message: "message-2",
    text: `PowerPoint cannot draw a native chart from here, so I am building it in the file and inserting the slide. The three points:\n\n- Region North grew **7.5%** on the quarter ${cite("Revenue!F2:F486")}\n- Region East passed **1.1 m** for the first time ${cite("Summary!B6")}\n- Region West is 5,600 below the typed total ${cite("Summary!B7")}`,
  },
  {
    type: "fileSaved",
    document: deck.id,
    path: "/data/Reports/Board deck.pptx",
    size: 412_000,
    title: "Slide 3 added, 8 slides",
    at: at("14:38"),
  },
]).map((event) =>
  event.type === "toolCallStarted" && event.call === "call-7" ? { ...event, at: NOW - 2_400 } : event,
);

function summary(id: string, title: string, ago: number, parts: Partial<SessionSummary> = {}): SessionSummary {
  const updatedAt = NOW - ago;
  return {
    id,
    title,
    createdAt: updatedAt,
    updatedAt,
    status: "idle",
    lastSeq: 1,
    documents: ["workbook"],
    changes: 0,
    background: 0,
    ...parts,
  };
}

export const sessions: SessionSummary[] = [
  summary(SESSION, "Q3 revenue by region", 1_000, { status: "working", documents: ["workbook", "deck"] }),
  summary("session-2", "Trial balance review", 3_600_000, { status: "waiting" }),
  summary("session-3", "Head-count forecast", DAY, { changes: 3 }),
  summary("session-4", "Cash plan, weekly", DAY + 60_000, { status: "stopped" }),
  summary("session-5", "Board deck, August", 12 * DAY, { documents: ["deck"], changes: 9 }),
  summary("session-6", "Two workbooks into one", 13 * DAY, { documents: ["workbook", "workbook"], changes: 1 }),
  summary("session-7", "Supplier list, duplicates", 14 * DAY, { changes: 14 }),
];

const noted = { folder: "/data/Reports", paused: false, changedAt: at("14:20") };

/** What the model is told beside the conversation: by everybody who may, with notes. */
export const instructions: InstructionsAnswer = {
  organization: "Write figures in thousands of EUR.\nNever name customers in a deck.",
  guidance: [
    { text: "Negative figures in brackets.", paused: false, changedAt: at("14:02"), byAgent: false },
    { ...noted, text: "The master is Templates/Master.pptx.", byAgent: false },
    { ...noted, note: "Sources", text: "Revenue comes from the sheet Revenue.\nPlan figures: column P.", byAgent: true },
    { ...noted, note: "Spelling", text: "British English.", byAgent: true, paused: true },
  ],
  notesClosed: false,
};
