// What is said of commands in the sandbox: where they run, what they would reach, what was seen of them.
import type { CommandEnd, FileChange, MachineEnd, SandboxState, SandboxTier } from "../generated/protocol.ts";
import { number } from "../text/format.ts";

const counted = (count: number, one: string, many: string): string =>
  count === 1 ? `1 ${one}` : `${number(count)} ${many}`;

/** Why a connection was refused or failed, by the codes of the sandbox's proxy and of the service's gate. */
const refusals: Readonly<Record<string, string>> = {
  not_listed: "the host is not among those that may be reached",
  closed: "the sandbox may reach no host",
  not_public: "it is, or leads to, an address that is not public",
  bad_host: "the name of the host is not written as one",
  bad_port: "there is no such port",
  bad_request: "the request is not one of HTTP",
  head_too_large: "the head of the request is too large",
  host_mismatch: "the request names another host",
  sni_missing: "the connection does not say which host it wants",
  sni_mismatch: "the connection names another host than was asked for",
  sni_on_address: "the connection names a host where an address was asked for",
  encrypted_client_hello: "the connection hides which host it wants",
  not_tls: "the port takes encrypted connections alone",
  not_http: "the port takes requests of HTTP alone",
  too_many_connections: "too many connections are open",
  timed_out: "the host did not answer in time",
  unresolved: "the name of the host could not be resolved",
  proxy: "the proxy of this network did not lead there",
  unreachable: "no connection came about",
  failed: "no connection came about",
  connect_timeout: "the host did not answer in time",
  idle: "nothing came for too long",
  client_gone: "the program ended it",
  server_gone: "the host ended it",
  cancelled: "the command was stopped",
};

export const sandbox = {
  short: {
    vm: "Sandbox: VM",
    vmEmulated: "Sandbox: slower VM",
    processes: "Sandbox: weaker, no VM",
    unavailable: "Sandbox: unavailable",
    notNeeded: "Sandbox: not needed",
  } satisfies Record<SandboxState, string>,
  long: {
    vm: "Sandbox: virtual machine",
    vmEmulated: "Sandbox: virtual machine, software emulation",
    processes: "Sandbox: processes, no virtual machine",
    unavailable: "Sandbox: unavailable",
    notNeeded: "Sandbox: not needed",
  } satisfies Record<SandboxState, string>,
  hint: {
    vm: "Code the agent writes runs in a virtual machine without a network card.",
    vmEmulated:
      "Code the agent writes runs in a virtual machine without a network card. The processor does not help it, so that it is slower; it is closed off as well.",
    processes:
      "No virtual machine can be had on this computer, and your organisation allows a process sandbox in its place. Code the agent writes runs in it without a network and sees no files but the session's folders. It is weaker: it shares this computer's kernel, and of the programs that a command starts nothing is seen.",
    unavailable: "Code cannot run; documents still work.",
    notNeeded: "Nothing in this session runs code.",
  } satisfies Record<SandboxState, string>,
  badge: (state: string) => `${state}. What this means`,
  tier: {
    vm: "Sandbox",
    vmEmulated: "Sandbox, software emulation (slower)",
    processes: "Process sandbox, no virtual machine (weaker)",
  } satisfies Record<SandboxTier, string>,

  command: "Command",
  scroll: (lines: number, characters: number) =>
    `${counted(lines, "line", "lines")}, ${number(characters)} characters. Scroll to read all of them.`,
  marked: "Characters that cannot be seen are written out, as ‹U+202E›.",
  noFolder: "Sees no folder of this computer",
  goesOn: "Goes on beside what comes next, until it ends or is ended",
  readOnly: "read only",
  changes: "may change; every change can be undone",
  noNetwork: "Reaches no network",
  reaches: (hosts: readonly string[], more: number) =>
    `May reach ${hosts.join(", ")}${more === 0 ? "" : ` and ${number(more)} more`}`,
  moreFolders: (more: number) => `Show ${counted(more, "more folder", "more folders")}`,
  showHosts: "Show all hosts",
  hostsLeft: (count: number) => `and ${number(count)} more that your settings list`,
  allowSession: "Allow commands for this session",
  session: "“For this session” is for every command in the sandbox, not for this one alone.",

  output: "Output so far",
  waiting: "No output yet",
  earlier: "The beginning is not shown.",
  result: "Output",
  firstOf: (shown: number, of: number) => `The first ${number(shown)} of ${number(of)} characters.`,

  background: {
    label: "Commands in the background",
    runs: (count: number) =>
      count === 1 ? "1 command runs in the background" : `${number(count)} commands run in the background`,
    end: "End",
    endIt: (command: string) => `End: ${command}`,
    ending: "Ending",
  },
  endedBy: {
    itself: "A command ended:",
    agent: "The agent ended a command:",
    person: "Ended by you:",
    mode: "Ended, because nothing may be changed in this mode:",
    folder: "Ended, because a folder it could change was taken out:",
    service: "Ended, because Deskhand ended or was started again:",
  } satisfies Record<Exclude<CommandEnd, object> | "person", string>,

  inBackground: "In the background:",
  nothing: "No program ran",
  programs: (count: number) => counted(count, "program", "programs"),
  files: (count: number) => counted(count, "file changed", "files changed"),
  filesRefused: (count: number) => counted(count, "change not kept", "changes not kept"),
  connections: (count: number) => counted(count, "connection", "connections"),
  connectionsRefused: (count: number) => counted(count, "connection refused", "connections refused"),
  connectionsFailed: (count: number) => counted(count, "connection failed", "connections failed"),
  seen: "What was seen in the sandbox",
  all: (count: number) => `Show all ${number(count)}`,
  notShown: (count: number) => `${number(count)} more are not listed here.`,
  exit: (code: number) => (code < 0 ? `ended by signal ${-code}` : `exit ${code}`),
  noEnd: "its end was not seen",
  ended: (process: number) => `Process ${process}`,
  lost: (count: number) => `${counted(count, "start or end", "starts or ends")} of programs went unseen`,
  machineStarted: (resumed: boolean, time: string) =>
    resumed ? `The sandbox went on from a kept state in ${time}` : `The sandbox started in ${time}`,
  machineEnded: {
    idle: "The sandbox ended: nothing had run for a while",
    room: "The sandbox ended: another session needed the room",
    changed: "The sandbox ended: the folders or the settings are others now",
    over: "The sandbox ended with the session",
    failed: "The sandbox ended by itself",
  } satisfies Record<MachineEnd, string>,
  change: {
    created: "Made",
    written: "Changed",
    removed: "Removed",
    renamed: "Renamed",
    metadata: "Rights or times changed",
    conflict: "You changed it meanwhile; yours stays",
    discarded: "Not kept: it was not closed",
    refused: "Refused",
  } satisfies Record<FileChange, string>,
  becomes: (change: FileChange) => (change === "conflict" ? "the sandbox's version:" : "now"),
  traffic: (sent: string, received: string) => `${sent} sent, ${received} received`,
  noHost: "a host that was not understood",
  refused: (code: string) => `refused: ${refusals[code] ?? code}`,
  failed: (code: string) => `failed: ${refusals[code] ?? code}`,
} as const;
