// Every word that the front ends say by themselves. Plain sentences, present or past; errors come from the service.
import type {
  AskReason,
  Choice,
  DocumentKind,
  FigureState,
  FrontEndKind,
  PermissionMode,
  SettledBy,
} from "../generated/protocol.ts";
import type { DayGroup } from "../text/format.ts";
import { number } from "../text/format.ts";
import { configuration } from "./configuration.ts";
import { budget, models, usage } from "./models.ts";
import { sandbox } from "./sandbox.ts";
import { modelSignIn, settings, signIn } from "./sign-in.ts";

const cells = (count: number): string => (count === 1 ? "1 cell" : `${number(count)} cells`);
const lines = (count: number): string => (count === 1 ? "1 line" : `${number(count)} lines`);
const changes = (count: number): string => (count === 1 ? "1 change" : `${number(count)} changes`);

const places: Record<FrontEndKind, string> = {
  window: "in the window",
  excel: "in Excel",
  powerpoint: "in PowerPoint",
  terminal: "in the terminal",
};

export const words = {
  product: "Deskhand",
  close: "Close",
  more: "More",
  cells,
  lines,
  changes,
  configuration,
  settings,
  signIn,
  modelSignIn,

  documentKind: {
    workbook: "Workbook",
    deck: "Presentation",
    document: "Word document",
    pdf: "PDF",
    csv: "Delimited text",
    legacy: "Older spreadsheet",
    file: "File",
  } satisfies Record<DocumentKind, string>,
  /** Only workbooks and decks are ever live. */
  documentLive: (kind: DocumentKind) => (kind === "deck" ? "Live in PowerPoint" : "Live in Excel"),
  /** What a file on disk is, and whether it is ever changed. */
  documentClosed: (kind: DocumentKind) =>
    ({
      workbook: "Workbook on disk",
      deck: "Presentation on disk",
      document: "Word document on disk",
      pdf: "PDF, read only",
      csv: "Delimited text, read only",
      legacy: "Older spreadsheet, read only",
      file: "File on disk",
    })[kind],
  documentGone: "not found",
  documentHere: (title: string, state: string) => `${title}, ${state}`,

  sessions: {
    label: "Sessions",
    switch: (title: string) => `Session: ${title}. Switch session`,
    new: "New session",
    untitled: "New session",
    search: "Search",
    searchLabel: "Search sessions",
    found: (count: number) => (count === 1 ? "1 place found" : `${number(count)} places found`),
    nothingFound: "Nothing found",
    none: "No sessions yet",
    groups: {
      today: "Today",
      yesterday: "Yesterday",
      week: "This week",
      month: "Earlier this month",
      earlier: "Earlier",
    } satisfies Record<DayGroup, string>,
    working: "Working",
    workingStep: (step: number, of: number) => `Working, step ${step} of ${of}`,
    waiting: "Waiting for your answer",
    stopped: "Stopped",
    failed: "Failed",
    rename: "Rename",
    renameLabel: "New title of the session",
    save: "Save",
    delete: "Delete",
    deleteQuestion: "Delete this session? Its text cannot be read again. Files and their changes stay.",
  },

  areas: {
    header: "Session",
    conversation: "Conversation",
    chat: "Chat",
    changes: "Changes",
    figures: "Figures",
    views: "Views",
    side: "Plan, changes and files",
    status: "Status",
  },

  prompt: {
    label: "Prompt",
    empty: "Ask about this document, or say what to change",
    emptyWindow: "Ask about a workbook, deck or document, or say what to make",
    running: "Add to this request; it is read at the next step",
    waiting: "Answer above, or add to this request",
    figures: "Ask about a figure or a slide",
    tour: (text: string) => `Try: ${text}`,
    send: "Send (Enter)",
    sendEmpty: "Write something to send first",
    sendOffline: "Will go when connected",
    sendLong: "The text is longer than 200,000 characters",
    stop: "Stop (Esc)",
    stopping: "Stopping",
    stopped: "Stopped. What was done so far is kept.",
    attach: "Attach a document or folder",
    attachDocument: "Documents open in Office",
    attachNone: "No other document is open in Office",
    attachPath: "Path of a document or folder",
    attachFolder: "Attach as a folder",
    attachFile: "Attach as a document",
    remove: (name: string) => `Remove ${name}`,
    selection: (place: string) => `Selection ${place}`,
    mode: "How much may be done without asking",
    modes: { ask: "Ask first", act: "Act", readOnly: "Read only" } satisfies Record<PermissionMode, string>,
    modeLocked: "Closed by your organisation. Choose to see why.",
    modeLockedText:
      "The mode that acts without asking is closed on this computer. Deskhand asks before it changes anything existing.",
    modeHints: {
      ask: "Asks before anything existing is changed",
      act: "Changes documents; risky actions still ask",
      readOnly: "Changes nothing",
    } satisfies Record<PermissionMode, string>,
    waitsForConnection: "Will go when connected",
  },

  message: {
    you: "You",
    agent: "Deskhand",
    cut: "The answer was cut off.",
    stopped: "Stopped by you. What was done so far is kept.",
    resumed: "The service was restarted. The turn goes on where it was; nothing was lost.",
    goOn: "Go on",
    image: (text: string) => (text === "" ? "[picture left out]" : `[picture left out: ${text}]`),
    sources: (count: number) => (count === 1 ? "1 source" : `${number(count)} sources`),
    select: (label: string, place: string, document: string) =>
      label === place ? `Select ${place} in ${document}` : `${label}: select ${place} in ${document}`,
    slide: "Slide",
  },

  retry: {
    waiting: (happened: string, wait: string, attempt: number) =>
      `${happened} Trying again in ${wait} (try ${attempt}).`,
    over: (happened: string, wait: string) => `${happened} Waited ${wait}, then went on. Nothing was lost.`,
    signIn: (happened: string) => `${happened} This goes on by itself once you have.`,
    signedIn: (happened: string) => `${happened} It waited for that, then went on. Nothing was lost.`,
  },

  summary: {
    running: "The conversation became long. Summarising the earlier part for the model…",
    done: "The conversation became long: the model goes on from a summary of the earlier part. All of it is kept here.",
    none: "The conversation became too long: the model goes on without the earlier part. All of it is kept here.",
    show: "Show the summary",
  },

  calls: {
    steps: (count: number, time: string) => `${number(count)} steps, ${time}`,
    running: "Working",
    done: "Done",
    failed: "Failed",
    denied: "You said no",
    stopped: "Stopped",
    input: "Given",
    output: "Answered",
    none: "Nothing",
    /** Why nobody was asked; nothing to say where somebody was. */
    allowedBy: (by: SettledBy): string | undefined =>
      typeof by === "object"
        ? undefined
        : {
            sessionGrant: "Allowed for this session",
            lastingGrant: "Always allowed here",
            mode: "Allowed by the mode",
            policy: "Allowed by your organisation",
            void: undefined,
          }[by],
  },

  approval: {
    label: "A question for you",
    announced: (question: string) => `${question} Press Alt+A to go to the question.`,
    place: (kind: DocumentKind | undefined) => (kind === "document" ? "Paragraph" : "Cell"),
    now: "Now",
    after: "After",
    line: "Line",
    text: "Text",
    empty: "empty",
    formula: "formula",
    formulaAs: (cell: string) => `formula as in ${cell}`,
    showAll: (counted: string) => `Show all ${counted}`,
    showFewer: "Show fewer",
    more: (counted: string) => `and ${counted} more`,
    noRisk: "No formula reaches outside.",
    risk: (cells: string, reach: string) => `${cells} ${reach}`,
    answers: "Answers",
    allowOnce: "Allow once",
    allowSession: "Allow for this session",
    allowAlways: "Always in this folder",
    deny: "Deny",
    always: (folder: string) =>
      `“Always” is for ${folder === "" ? "this folder" : `the folder ${folder}`}. It ends in 90 days and can be taken back under Permissions.`,
    given: {
      allowOnce: "Allowed",
      allowSession: "Allowed for this session",
      allowAlways: "Always allowed in this folder",
      deny: "You said no",
    } satisfies Record<Choice, string>,
    readBefore: (named: readonly string[], left: number) =>
      `Read before this: ${named.join(", ")}${left === 0 ? "" : ` and ${number(left)} more`}`,
    readBeforeAll: "Read before this, the newest first:",
    readBeforeShow: "Show all",
    answered: (what: string, place: string, time: string) =>
      `${what}${what.includes(" this ") ? "," : ""} ${place}, ${time}`,
    answeredHere: (what: string, time: string) => `${what}, ${time}`,
    bySession: "Allowed by your earlier answer for this session",
    byLasting: "Allowed by your earlier answer for this folder",
    byMode: { allow: "Allowed by the mode you chose", deny: "Refused by the mode you chose" },
    byPolicy: { allow: "Allowed by your organisation", deny: "Refused by your organisation" },
    void: "No longer asked: the contents changed since, or the turn ended",
    places,
  },

  attach: {
    attach: "Attach",
    attachThis: "Attach this folder",
    another: "Another folder",
    asked: "The folder asked for",
    folderPath: "Path of the folder",
    choose: "Choose…",
    chooseFolders: "Choose folders…",
    chooseDocuments: "Choose documents…",
    choosing: "The dialog is open",
    readOnly: "To be read only",
    readWrite: "To be read and changed",
    reason: "The model asks, and says why:",
    inWindow: "Choose the folder in the Deskhand window.",
    instead: "Another folder was attached:",
    drop: "Drop to attach",
    dropInPane: "Files are attached in the Deskhand window",
    dropped: "A page is not told where a dropped file lies.",
    droppedAction: "Attach it by its path, or drop it on the Deskhand window.",
    droppedInPane: "Attach it in the Deskhand window.",
    nothing: "Nothing was moved, changed or attached.",
    tooMany: (count: number) => `${number(count)} files and folders at once are too many.`,
    tooManyAction: "Attach at most 50 at once, or the folder that holds them.",
    neither: "It is neither a folder nor a file that can be read.",
    others: "The others are attached.",
    notAttached: (names: readonly string[], failed: number, of: number) => {
      const left = failed - names.length;
      const named = `${names.join(", ")}${left > 0 ? ` and ${number(left)} more` : ""}`;
      return of === 1 ? `${named} was not attached.` : `${number(failed)} of ${number(of)} were not attached: ${named}.`;
    },
  },

  plan: {
    title: "Plan",
    progress: (done: number, of: number) => `${done} of ${of}`,
    folded: (done: number, of: number, step: string) => `${done} of ${of}: ${step}`,
    waiting: "Waiting for you",
    states: { pending: "not begun", active: "in work", done: "done" },
    fold: "Fold the plan",
    unfold: "Show the plan",
  },

  changeList: {
    title: "Changes",
    none: "Nothing was changed in this session.",
    undo: "Undo",
    undoOf: (title: string) => `Undo ${title}`,
    redo: "Redo",
    redoOf: (title: string) => `Redo ${title}`,
    undoAll: "Undo all",
    undoFrom: "Undo from here",
    undoing: "Undoing",
    redoing: "Redoing",
    show: "Show",
    showOf: (title: string) => `Show ${title}`,
    undoneAt: (time: string) => `undone ${time}`,
    restore: "Restore",
    restoreOf: (title: string) => `Restore ${title}`,
    restoring: "Restoring",
    deleteAgain: "Delete again",
    deleteAgainOf: (title: string) => `Delete again: ${title}`,
    restoredAt: (time: string) => `restored ${time}`,
    onDisk: "Undo opens it on disk",
    changedSince: (where: string) => `You changed ${where} since. Undo keeps your value unless you choose.`,
    overwrite: "Undo mine too",
    fileChangedSince: "The file was changed since, so it was left as it is. What is in it now stays in the journal, too.",
    undoAnyway: (files: number) =>
      files === 1 ? "Undo anyway and overwrite 1 file" : `Undo anyway and overwrite ${number(files)} files`,
    kept: (where: string) => `${where} kept your value.`,
    turn: (count: number) => (count === 1 ? "1 change made" : `${number(count)} changes made`),
    actions: (title: string) => `More for ${title}`,
  },

  figures: {
    none: "No figure with a recorded source yet. Figures that Deskhand writes with their source appear here.",
    recorded: (count: number) =>
      count === 1 ? "1 figure with its source" : `${number(count)} figures with their source`,
    checked: (count: number) => (count === 1 ? "1 figure checked" : `${number(count)} figures checked`),
    checking: "Checking",
    check: "Check again",
    states: {
      match: (count: number) => (count === 1 ? "1 matches" : `${number(count)} match`),
      changed: (count: number) => `${number(count)} changed`,
      unreachable: (count: number) => `${number(count)} not reached`,
    } satisfies Record<FigureState, (count: number) => string>,
    sourceChanged: "Source changed",
    then: "When written",
    now: "In the source now",
    empty: "empty",
    times: (written: string, checked: string, difference: string) =>
      `Written ${written}. Checked ${checked}${difference === "" ? "" : `, ${difference}`}.`,
    unreachable: (value: string, time: string) => `The source cannot be read now. It held ${value}, ${time}.`,
    unrecorded: "What the source held was not recorded, so it cannot be compared.",
    matches: (count: number) => (count === 1 ? "1 figure matches" : `${number(count)} figures match`),
  },

  files: {
    title: "Files",
    none: "No files yet.",
    live: (kind: DocumentKind) => (kind === "deck" ? "Open in PowerPoint" : "Open in Excel"),
    gone: "Not found",
    readOnly: "read only",
    folderReadOnly: "Folder, read only",
    removed: (time: string) => `Moved to the journal, ${time}`,
    restored: (time: string) => `Restored, ${time}`,
    saved: (size: string, time: string) => `${size}, ${time}`,
    show: "Show",
  },

  failure: {
    goOn: "Go on",
    retry: "Try again",
    copy: "Copy code",
    copied: "Code copied",
    detail: "Details",
  },

  connection: {
    reconnecting: "Reconnecting. Your text is kept.",
    connecting: "Connecting to Deskhand.",
    startService: "Start the service",
    tryAgain: "Try again",
    noToken: "This page was opened without its key.",
    noTokenKept: "Your sessions are kept.",
    noTokenAction: "Open the Deskhand window again, or run `deskhand` for a new address.",
    reload: "Reload the page",
  },

  pairing: {
    title: "Connect this pane",
    text: "Compare this number with the one in the Deskhand window, and allow it there if they are the same.",
    number: (digits: string) => `Number to compare: ${digits}`,
    waiting: "Waiting for your answer in the window",
    until: (time: string) => `Valid until ${time}`,
    ended: "The pairing was refused or has expired.",
    again: "New number",
    request: (application: string) => `Connect the pane in ${application}?`,
    requestText: "Allow only if the pane shows the same number.",
    applications: {
      window: "the window",
      excel: "Excel",
      powerpoint: "PowerPoint",
      terminal: "the terminal",
    } satisfies Record<FrontEndKind, string>,
    allow: "Allow",
    deny: "Deny",
  },

  pane: {
    noOffice: "This page does not stand in Excel or PowerPoint.",
  },

  start: {
    title: "What shall I do?",
    workbook: (title: string, summary?: string) => (summary === undefined ? title : `${title}, ${summary}`),
    window: "No document is open in Office. Attach a file, or open the pane in Excel or PowerPoint.",
    open: (titles: string) => `Open now: ${titles}`,
    notConfigured: "No model provider is configured. Documents can be read once one is.",
    prompts: {
      workbook: [
        "Summarise this workbook on a new sheet with formulas and a chart",
        "Find typed totals that disagree with the data",
        "Explain the formulas on this sheet",
      ],
      deck: [
        "List the figures in this deck and where each comes from",
        "Add a slide with the three main points",
        "Find numbers that appear twice with different values",
      ],
      file: [
        "Summarise these files, with the page or paragraph of each point",
        "Check the figures in the text against the data in the files",
        "List what the files disagree about",
      ],
      none: [
        "Compare two workbooks and list what differs",
        "Make a deck of the main figures of a workbook",
        "Check a workbook for formulas that answer errors",
      ],
    },
  },

  tour: {
    banner: "Tour: scripted answers, no model",
    bannerDetail: "The files, formulas and undo are real. Nothing leaves this computer.",
    offer: "To see Deskhand first, without a model, take the tour: cargo xtask run --tour",
    stop: (step: number, of: number) => `Stop ${step} of ${of}`,
    next: "Next stop",
    back: "Back",
    stops: [
      {
        title: "Ask in plain words",
        text: "Send this prompt. Deskhand reads the workbook first and shows each step as it goes.",
        prompt: "Summarise the cars by cylinders on a new sheet, with formulas and a chart",
      },
      {
        title: "Look at what changed",
        text: "The new sheet was written just now. Choose a source in the answer to jump to its cell, or undo the change and see it go.",
      },
      {
        title: "You decide",
        text: "Before a cell is overwritten you see what stands there now and what would stand there after.",
        prompt: "Correct the weight of the second car to 2.88",
      },
      {
        title: "Every change has a way back",
        text: "Changes lists them over all documents. Undo one, or all from a point on; values you typed since stay.",
      },
      {
        title: "One session everywhere",
        text: "The window and the panes show the same conversation. Choose Deck at the top, allow its pane, and ask for a slide.",
        prompt: "Now a slide with that chart and the three main points",
      },
      {
        title: "Now with your own model",
        text: "Outside the tour the model is reached through the provider that your organisation names, and nothing else.",
      },
    ] as readonly { title: string; text: string; prompt?: string }[],
  },

  permissions: {
    title: "Permissions",
    text: "What was allowed for longer than once. Risky actions ask every time and are never in this list.",
    reading: "Reading what is allowed",
    none: "Nothing is allowed for longer than once.",
    what: {
      elsewhere: "Add to documents that were not chosen",
      browses: "Read the web",
      searches: "Search the web",
      creates: "Make new files",
      reformats: "Change looks",
      edits: "Edit text files",
      overwrites: "Overwrite",
      ruled: "What your organisation asks about",
      remembers: "Remember for later sessions",
      removes: "Delete",
      reachesOutside: "Formulas that reach outside",
      attaches: "Attach folders",
      sendsOut: "Send much to the web",
      runs: "Run commands",
    } satisfies Record<AskReason, string>,
    gone: "A document that is no longer here",
    sandbox: "In the sandbox",
    session: "This session",
    until: (day: string) => `Until ${day}`,
    revoke: "Revoke",
    revokeOf: (what: string, where: string) => `Revoke: ${what}${where === "" ? "" : `, ${where}`}`,
  },

  instructions: {
    title: "Instructions",
    text: "What the model is told in every session beside the conversation, in this order.",
    reading: "Reading the instructions",
    organization: "Your organisation",
    own: "You, in all sessions",
    ownHint: "For example: figures in thousands of EUR, negative ones in brackets.",
    folder: (name: string) => `You, for ${name}`,
    folderHint: "For example: the master is in Templates, sources are in Data.",
    none: "Nothing is written here.",
    elsewhere: "Other folders",
    notes: "Notes from earlier sessions",
    notesText: "The agent wrote these, and each was allowed by you. The model reads them as notes, not as instructions.",
    notesClosed: "Your organisation lets the agent keep no notes. These are not told to the model.",
    byAgent: "Written by the agent",
    byYou: "Written by you",
    paused: "Paused",
    save: "Save",
    saveOf: (what: string) => `Save: ${what}`,
    pause: "Pause",
    pauseOf: (what: string) => `Pause: ${what}`,
    resume: "Resume",
    resumeOf: (what: string) => `Resume: ${what}`,
    remove: "Delete",
    removeOf: (what: string) => `Delete: ${what}`,
    inWindow: "They are changed in the Deskhand window.",
  },

  sandbox,

  managed: {
    short: "Managed",
    long: "Managed by your organisation",
    text: "Your organisation set some of Deskhand's settings. They are applied here and cannot be changed on this computer.",
    store: (store: string) =>
      store === "keyFile"
        ? "Deskhand's key is kept in a file that only you can read."
        : "Deskhand's key is kept in the secret store of this computer.",
    ask: "Ask your administrator about a setting.",
    setBy: "Set by your organisation",
    key: "Key",
    questions: "Questions",
    administrator: "Your administrator",
    quote: (text: string) => `“${text}”`,
    banner: "From your organisation",
    more: "Read more",
  },

  models,
  budget,
  usage,

  keyboard: {
    title: "Keyboard",
    rows: (meta: string, window: boolean): [string, string][] => [
      ["Enter", "Send"],
      ["Shift+Enter", "New line"],
      ["Esc", "Close a popover; then stop the turn"],
      ["F6, Shift+F6", "Next and previous area"],
      ["Alt+A", "Go to the open question"],
      [`${meta}+K`, "Search sessions"],
      ...(window ? [[`${meta}+N`, "New session"] as [string, string]] : []),
      ["Up in an empty prompt", "Last prompt"],
      ["Delete on a chip", "Remove it"],
      [`${meta}+Z in Changes`, "Undo the chosen change"],
      [`${meta}+/`, "This list"],
    ],
  },
} as const;
