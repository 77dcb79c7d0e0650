// Tool calls: one line each, the rows of one step in one card, more than four folded to one line.
import { memo, type ReactElement, useState } from "react";
import type { CallEntry } from "../session/model.ts";
import { duration, reason } from "../text/format.ts";
import { withoutMarks } from "../text/marks.ts";
import { exactly, plain } from "../text/plain.ts";
import { terminalText } from "../text/terminal.ts";
import { words } from "../words/en.ts";
import { CitationChip } from "./citation.tsx";
import { CommandText } from "./command.tsx";
import { LiveOutput } from "./command-output.tsx";
import { useNow } from "./context.tsx";
import {
  Checkmark16Regular,
  CheckmarkCircle16Filled,
  ChevronDown16Regular,
  ChevronRight16Regular,
  Dismiss16Regular,
  ErrorCircle16Filled,
  Stop16Filled,
} from "./icons.tsx";
import { SeenFold } from "./seen.tsx";

const FOLDED_ABOVE = 4;
const OUTPUT_SHOWN = 4_000;
const COMMAND_OUTPUT_SHOWN = 40_000;

export function CallCard({ calls }: { calls: readonly CallEntry[] }): ReactElement {
  const settled = calls.every((call) => call.state === "done");
  const [open, setOpen] = useState(false);
  const folded = settled && calls.length > FOLDED_ABOVE && !open;
  if (folded) {
    const time = calls.reduce((sum, call) => sum + (call.durationMs ?? 0), 0);
    return (
      <div className="card">
        <button
          type="button"
          className="call"
          aria-expanded="false"
          onClick={() => {
            setOpen(true);
          }}
        >
          <CheckmarkCircle16Filled className="is-ok" />
          <span className="grow num">{words.calls.steps(calls.length, duration(time))}</span>
          <ChevronRight16Regular className="detail" />
        </button>
      </div>
    );
  }
  return (
    <div className="card">
      {calls.map((call) => (
        <CallRow key={call.id} call={call} />
      ))}
    </div>
  );
}

const CallRow = memo(function CallRow({ call }: { call: CallEntry }): ReactElement {
  const [open, setOpen] = useState(false);
  const running = call.state === "running";
  const now = useNow(running);
  const elapsed = call.durationMs ?? Math.max(0, now - call.startedAt);
  const inTitle = call.target !== undefined && call.title.includes(call.target);
  const allowed = call.allowedBy === undefined ? undefined : words.calls.allowedBy(call.allowedBy);
  const toggle = (): void => {
    setOpen(!open);
  };
  return (
    <div className="call-row">
      <div className="call">
        <StateIcon call={call} />
        <span className={running ? "grow cut strong" : "grow cut"}>
          {call.title}{" "}
          {call.command !== undefined && !inTitle && (
            <bdi className="mono ltr call-command">{exactly(call.target ?? firstLine(call.command))}</bdi>
          )}
          {call.document !== undefined && call.target !== undefined && !inTitle && (
            <CitationChip document={call.document} target={call.target} />
          )}
          {call.state === "failed" && call.output !== undefined && (
            <span className="detail">{plain(reason(call.output))}</span>
          )}
          {call.state !== "failed" && allowed !== undefined && <span className="detail allowed-by">{allowed}</span>}
        </span>
        {(call.durationMs !== undefined || elapsed >= 1000) && <span className="detail num">{duration(elapsed)}</span>}
        <button
          type="button"
          className="fold"
          aria-expanded={open}
          aria-label={`${words.failure.detail}: ${call.title}`}
          onClick={toggle}
        >
          {open ? <ChevronDown16Regular /> : <ChevronRight16Regular />}
        </button>
      </div>
      {call.waiting !== undefined && (
        <p className="call-wait small">
          {call.waiting.happened} {call.waiting.action} <code className="mono">{call.waiting.code}</code>
        </p>
      )}
      {running && (call.command !== undefined || call.live !== undefined) && <LiveOutput live={call.live} />}
      {open && <CallDetail call={call} />}
      {(call.tier !== undefined || call.seen !== undefined) && (
        <div className="small secondary seen">
          {call.tier !== undefined && <span className="tier">{words.sandbox.tier[call.tier]}</span>}
          {call.seen !== undefined && <SeenFold seen={call.seen} running={running} />}
        </div>
      )}
    </div>
  );
});

function StateIcon({ call }: { call: CallEntry }): ReactElement {
  switch (call.state) {
    case "running":
      return <span className="ring" role="img" aria-label={words.calls.running} />;
    case "done":
      return <Checkmark16Regular className="is-ok" aria-label={words.calls.done} />;
    case "failed":
      return <ErrorCircle16Filled className="is-danger" aria-label={words.calls.failed} />;
    case "denied":
      return <Dismiss16Regular className="detail" aria-label={words.calls.denied} />;
    case "stopped":
      return <Stop16Filled className="detail" aria-label={words.calls.stopped} />;
  }
}

function firstLine(command: string): string {
  return command.trimStart().split("\n", 1)[0] ?? "";
}

function CallDetail({ call }: { call: CallEntry }): ReactElement {
  const output = withoutMarks(call.output ?? "");
  const ofPrograms = call.command !== undefined || call.tier !== undefined;
  return (
    <dl className="call-detail small">
      {call.command === undefined ? (
        <>
          <dt className="detail">{words.calls.input}</dt>
          <dd>
            <Bounded text={JSON.stringify(call.input, null, 1)} limit={OUTPUT_SHOWN} />
          </dd>
        </>
      ) : (
        <>
          <dt className="detail">{words.sandbox.command}</dt>
          <dd>
            <CommandText command={call.command} />
          </dd>
        </>
      )}
      {call.state !== "running" && (
        <>
          <dt className="detail">{ofPrograms ? words.sandbox.result : words.calls.output}</dt>
          <dd>
            <Bounded
              text={ofPrograms ? terminalText(output) : output}
              limit={ofPrograms ? COMMAND_OUTPUT_SHOWN : OUTPUT_SHOWN}
            />
          </dd>
        </>
      )}
    </dl>
  );
}

/** The beginning of a text, with a word about what is left out. */
function Bounded({ text, limit }: { text: string; limit: number }): ReactElement {
  return (
    <>
      <pre className="mono ltr" tabIndex={0}>
        {text === "" ? words.calls.none : text.slice(0, limit)}
      </pre>
      {text.length > limit && <p className="detail">{words.sandbox.firstOf(limit, text.length)}</p>}
    </>
  );
}
