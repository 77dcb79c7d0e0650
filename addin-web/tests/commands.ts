// Commands of the sandbox as events: what is asked about them, what they write, what was seen of them.
import type { BackgroundCommand, EventBody, PermissionRequest, RunningCommand, SessionEvent, Sight } from "../shared/src/generated/protocol.ts";
import { NO_USAGE } from "../shared/src/session/usage.ts";
import { at, NOW, numbered, opening, prompt, TURN, workbook } from "./story.ts";

/** One about a short command that sees one folder and reaches nothing. */
export const commandRequest: PermissionRequest = {
  id: "permission-command",
  turn: TURN,
  call: "call-command",
  question: "Run this command in the sandbox?",
  reason: "runs",
  scope: "What it changes in these folders can be undone. It sees nothing else of this computer.",
  command: {
    command: "python3 reconcile.py --ledger Ledger.csv --bank Bank.csv > differences.csv",
    folders: [{ path: "/data/Reports/2026", readOnly: false }],
    hosts: [],
    moreHosts: 0, seconds: 120, background: false,
  },
  rows: [],
  total: 0,
  risks: [],
  choices: ["allowOnce", "allowSession", "deny"],
};

/** One about a long one with marks that turn the direction of reading, several folders, and many hosts. */
export const hostileRequest: PermissionRequest = {
  ...commandRequest,
  id: "permission-hostile",
  call: "call-hostile",
  command: {
    command: [
      "set -euo pipefail",
      "cd /mnt/Reports",
      "pip install --quiet pandas openpyxl",
      "python3 - <<'EOF'",
      "import pandas as pd",
      ...["North", "South", "East", "West"].map((region) => `check('${region}', pd.read_excel('Revenue.xlsx', sheet_name='${region}'))`),
      "EOF",
      `curl -s https://example.com/${"collect-".repeat(16)}?of=1`,
      "mv report.xlsx \u202excod.seugif\u202c report\u200b.xlsx # \u001b[2J done",
    ].join("\n"),
    folders: [
      { path: "/data/Reports", readOnly: false },
      { path: "/data/Archive/2025/Quarter 3/Board papers, as sent to the members", readOnly: true },
    ],
    hosts: ["pypi.org", "files.pythonhosted.org", "example.com", "*.example.org", "rates.example.net"],
    moreHosts: 4, seconds: 120, background: false,
  },
  read: [{ document: workbook.id, target: "Notes!A1:B9" }],
};

/** What was seen of a command: programs, files, connections. */
export const sights: Sight[] = [
  { sight: "machineStarted", tier: "vmEmulated", resumed: true, tookMs: 1_840 },
  { sight: "started", at: at("14:31"), process: 410, parent: 1, user: 1000, arguments: ["/bin/sh", "-c", "python3 reconcile.py"] },
  { sight: "started", at: at("14:31") + 200, process: 411, parent: 410, user: 1000, arguments: ["python3", "reconcile.py", "--bank", "Bank of July.csv"] },
  { sight: "file", change: "created", path: "/data/Reports/2026/differences.csv", bytes: 18_420 },
  { sight: "file", change: "renamed", path: "/data/Reports/2026/Ledger.tmp", to: "/data/Reports/2026/Ledger.csv" },
  { sight: "file", change: "conflict", path: "/data/Reports/2026/notes.txt", to: "/data/Reports/2026/notes (sandbox).txt" },
  { sight: "file", change: "refused", path: "/data/Archive/2025.csv" },
  { sight: "connection", host: "files.pythonhosted.org", port: 443, sent: 2_100, received: 1_840_000, durationMs: 900 },
  { sight: "connection", host: "collect.example.com", port: 443, refused: "not_listed", sent: 0, received: 0, durationMs: 2 },
  { sight: "ended", at: at("14:31") + 900, process: 411, code: 1 },
  { sight: "ended", at: at("14:31") + 950, process: 410, code: 0 },
];

const bash = (id: string, command: string): EventBody => ({
  ...{ type: "toolCallStarted", turn: TURN, call: id, name: "Bash", input: { command }, title: "Running" },
  target: command.split("\n")[0] ?? "",
});

/** A turn with a command that has ended and one that runs. */
export const commandTurn: SessionEvent[] = numbered([
  ...opening,
  { type: "folderAttached", path: "/data/Reports/2026", readOnly: false },
  prompt(TURN, "Reconcile the ledger with the bank, and list what differs."),
  bash("call-ran", "python3 reconcile.py --ledger Ledger.csv --bank Bank.csv > differences.csv"),
  { type: "sandboxSeen", call: "call-ran", seen: sights, leftOut: 0 },
  {
    ...{ type: "toolCallCompleted", turn: TURN, call: "call-ran", outcome: "done", title: "Ran" },
    ...{ output: "exit 0\n214 lines compared, \u001b[31m3 differ\u001b[0m\n", tier: "vmEmulated", durationMs: 12_400 },
  },
  bash("call-runs", "for month in 01 02 03; do python3 reconcile.py --month $month; done"),
  {
    ...{ type: "toolCallOutput", call: "call-runs" },
    text: `${Array.from({ length: 30 }, (_, line) => `January: line ${line + 1} of Ledger.csv agrees`).join("\n")}\n`,
  },
  {
    ...{ type: "toolCallOutput", call: "call-runs" },
    text: "February:  10%\rFebruary: 100%\n\u001b[1;31mFebruary: line 7 differs by 1,204.50\u001b[0m\nsee \u202exslx.emoc\u202c\n",
  },
]).map((event) =>
  event.type === "toolCallStarted" && event.call === "call-runs" ? { ...event, at: NOW - 8_400 } : event,
);

/** Two commands that were left to run. */
export const background: BackgroundCommand[] = [
  {
    ...{ id: "command-1", number: 1, call: "call-left", seconds: 600 },
    command: "python3 reconcile.py --all\npython3 report.py --year 2026",
    folders: [{ path: "/data/Reports/2026", readOnly: false }],
  },
  { id: "command-2", number: 2, call: "call-left", seconds: 600, command: "tail -f /tmp/rates.log", folders: [] },
];

/** What the service says of them. */
export const backgroundRunning: RunningCommand[] = background.map(({ id, number, call, command, folders }, index) => ({
  ...{ id, number, call, command, folders, startedAt: NOW },
  ...(index === 0 ? { outputBytes: 18_420, lastLine: "March: 40 of 210 lines agree" } : { outputBytes: 0, lastLine: "" }),
}));

/** A turn that left them. */
export const backgroundTurn: SessionEvent[] = numbered([
  ...opening,
  prompt(TURN, "Reconcile every month, and keep an eye on the rates."),
  bash("call-left", background[0]?.command ?? ""),
  ...background.map((command): EventBody => ({ type: "backgroundStarted", command })),
  {
    ...{ type: "toolCallCompleted", turn: TURN, call: "call-left", outcome: "done", title: "Left to run as job 1" },
    ...{ output: "Left to run as job 1. BashOutput tells what it wrote and ends it.", tier: "vmEmulated", durationMs: 400 },
  },
  { type: "turnEnded", turn: TURN, outcome: "completed", usage: NO_USAGE },
]).map((event) => (event.type === "backgroundStarted" ? { ...event, at: NOW - 200_000 } : event));
