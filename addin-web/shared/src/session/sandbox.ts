// What a command of the sandbox writes while it runs, and what was seen of it; both bounded, whatever comes.
import type { EventBody, Sight } from "../generated/protocol.ts";

/** Characters of a running command that are held. */
export const LIVE_HELD = 32_000;
/** Sights of one call that are held; the others are counted. */
export const SIGHTS_HELD = 400;

/** Connections that were allowed and did not work; codes of the sandbox's proxy and of the service's door. */
const FAILURES: ReadonlySet<string> = new Set([
  ...["connect_timeout", "bad_response", "idle", "client_gone", "server_gone", "cancelled"],
  ...["timed_out", "unresolved", "proxy", "unreachable", "failed"],
]);

export interface Live {
  text: string;
  /** True where the beginning is not held any more. */
  cut: boolean;
}

/** A program with its end, where that was seen. */
export interface ProgramSight {
  sight: "program";
  at: number;
  process: number;
  arguments: readonly string[];
  code: number | undefined;
}

type Told = Exclude<Sight, { sight: "started" } | { sight: "ended" }> & { at: number };
type Ended = Extract<Sight, { sight: "ended" }>;
export type Shown = ProgramSight | Told | Ended;

export interface Seen {
  /** In their order, the first ones. */
  shown: readonly Shown[];
  /** How many are not among them. */
  notShown: number;
  programs: number;
  files: number;
  filesRefused: number;
  connections: number;
  connectionsRefused: number;
  connectionsFailed: number;
}

export const NOTHING_SEEN: Seen = {
  shown: [],
  notShown: 0,
  programs: 0,
  files: 0,
  filesRefused: 0,
  connections: 0,
  connectionsRefused: 0,
  connectionsFailed: 0,
};

/** What was written so far with what came; the beginning goes, at the end of a line where there is one. */
export function written(live: Live | undefined, text: string): Live {
  const whole = (live?.text ?? "") + text;
  if (whole.length <= LIVE_HELD) {
    return { text: whole, cut: live?.cut ?? false };
  }
  const tail = whole.slice(-LIVE_HELD);
  const line = tail.indexOf("\n");
  // No line end in all of it: a character of two halves is not cut apart.
  const from = line >= 0 && line < tail.length - 1 ? line + 1 : /^[\uDC00-\uDFFF]/.test(tail) ? 1 : 0;
  return { text: tail.slice(from), cut: true };
}

export function isFailure(code: string): boolean {
  return FAILURES.has(code);
}

/** What was seen so far with what a batch tells, `at` its time. */
export function withSights(seen: Seen, batch: Extract<EventBody, { type: "sandboxSeen" }>, at: number): Seen {
  const shown = [...seen.shown];
  const counts = { ...seen, notShown: seen.notShown + batch.leftOut };
  const add = (one: Shown): void => {
    if (shown.length < SIGHTS_HELD) {
      shown.push(one);
    } else {
      counts.notShown += 1;
    }
  };
  for (const sight of batch.seen) {
    if (sight.sight === "started") {
      counts.programs += 1;
      add({ sight: "program", at: sight.at, process: sight.process, arguments: sight.arguments, code: undefined });
    } else if (sight.sight === "ended") {
      end(shown, sight, add);
    } else {
      count(counts, sight);
      add({ ...sight, at });
    }
  }
  return { ...counts, shown };
}

/** An end belongs to the last start of its process: numbers are used again. */
function end(shown: Shown[], ended: Ended, add: (one: Shown) => void): void {
  const index = shown.findLastIndex((one) => one.sight === "program" && one.process === ended.process);
  const program = shown[index];
  if (program?.sight === "program" && program.code === undefined) {
    shown[index] = { ...program, code: ended.code };
  } else {
    add(ended);
  }
}

function count(counts: Seen, sight: Sight): void {
  if (sight.sight === "file") {
    const kept = sight.change === "refused" || sight.change === "discarded";
    counts[kept ? "filesRefused" : "files"] += 1;
  } else if (sight.sight === "connection") {
    const { refused } = sight;
    const of = refused === undefined ? "connections" : isFailure(refused) ? "connectionsFailed" : "connectionsRefused";
    counts[of] += 1;
  }
}
