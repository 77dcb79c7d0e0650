// What was seen in the sandbox: one quiet line under a call, which opens a list.
import { type ReactElement, useState } from "react";
import type { SeenEntry } from "../session/model.ts";
import { isFailure, type Seen, type Shown } from "../session/sandbox.ts";
import { duration, size } from "../text/format.ts";
import { exactly } from "../text/plain.ts";
import { asCommand } from "../text/terminal.ts";
import { words } from "../words/en.ts";
import { LinkButton } from "./controls.tsx";
import { ChevronDown16Regular, ChevronRight16Regular } from "./icons.tsx";

const ROWS = 50;

const clock = new Intl.DateTimeFormat(undefined, {
  ...{ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
});

/** "12 programs, 3 files changed, 1 connection refused". */
export function summary(seen: Seen): string {
  const parts = (
    ["programs", "files", "filesRefused", "connections", "connectionsRefused", "connectionsFailed"] as const
  ).flatMap((name) => (seen[name] === 0 ? [] : [words.sandbox[name](seen[name])]));
  return parts.length === 0 ? words.sandbox.nothing : parts.join(", ");
}

export function SeenFold({ seen, running }: { seen: Seen; running: boolean }): ReactElement {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className="seen-line"
        aria-expanded={open}
        onClick={() => {
          setOpen(!open);
        }}
      >
        <span className="num">{summary(seen)}</span>
        {open ? <ChevronDown16Regular /> : <ChevronRight16Regular />}
      </button>
      {open && <SeenList seen={seen} running={running} />}
    </>
  );
}

/** What what was left to run did while no call ran. */
export function SeenLine({ entry }: { entry: SeenEntry }): ReactElement {
  return (
    <div className="small secondary seen">
      {words.sandbox.inBackground} <SeenFold seen={entry.seen} running={false} />
    </div>
  );
}

function SeenList({ seen, running }: { seen: Seen; running: boolean }): ReactElement {
  const [all, setAll] = useState(false);
  const rows = all ? seen.shown : seen.shown.slice(0, ROWS);
  return (
    <div className="seen-list" role="group" aria-label={words.sandbox.seen} tabIndex={0}>
      <ul className="plain-list">
        {rows.map((one, index) => (
          <li key={index}>
            <time className="num detail" dateTime={new Date(one.at).toISOString()}>
              {clock.format(one.at)}
            </time>
            <span className="path">
              <Sighted one={one} running={running} />
            </span>
          </li>
        ))}
      </ul>
      {rows.length < seen.shown.length && (
        <LinkButton
          expanded={false}
          onClick={() => {
            setAll(true);
          }}
        >
          {words.sandbox.all(seen.shown.length)}
        </LinkButton>
      )}
      {rows.length === seen.shown.length && seen.notShown > 0 && <p>{words.sandbox.notShown(seen.notShown)}</p>}
    </div>
  );
}

function Sighted({ one, running }: { one: Shown; running: boolean }): ReactElement {
  switch (one.sight) {
    case "program":
      return (
        <>
          <Code text={asCommand(one.arguments)} /> <Exit code={one.code} running={running} />
        </>
      );
    case "ended":
      return (
        <>
          {words.sandbox.ended(one.process)} <Exit code={one.code} running={running} />
        </>
      );
    case "file":
      return (
        <>
          {words.sandbox.change[one.change]} <Code text={one.path} />
          {one.to !== undefined && (
            <>
              {" "}
              {words.sandbox.becomes(one.change)} <Code text={one.to} />
            </>
          )}{" "}
          {one.bytes !== undefined && one.change !== "removed" && <span className="detail">{size(one.bytes)}</span>}
        </>
      );
    case "connection":
      return <Connection one={one} />;
    case "lost":
      return <>{words.sandbox.lost(one.count)}</>;
    case "machineStarted":
      return <>{words.sandbox.machineStarted(one.resumed, duration(one.tookMs))}</>;
    case "machineEnded":
      return <>{words.sandbox.machineEnded[one.why]}</>;
  }
}

function Connection({ one }: { one: Extract<Shown, { sight: "connection" }> }): ReactElement {
  const { host, port, refused, sent, received } = one;
  const place = host === "" ? undefined : `${host}${port === 0 ? "" : `:${port}`}`;
  return (
    <>
      {place === undefined ? words.sandbox.noHost : <Code text={place} />}{" "}
      <span className={refused === undefined ? "detail" : ""}>
        {refused === undefined
          ? words.sandbox.traffic(size(sent), size(received))
          : words.sandbox[isFailure(refused) ? "failed" : "refused"](exactly(refused))}
      </span>
    </>
  );
}

function Exit({ code, running }: { code: number | undefined; running: boolean }): ReactElement {
  const said = code === undefined ? (running ? words.calls.running : words.sandbox.noEnd) : words.sandbox.exit(code);
  return <span className={code === 0 || code === undefined ? "detail" : "strong"}>{said}</span>;
}

function Code({ text }: { text: string }): ReactElement {
  return <bdi className="mono ltr">{exactly(text)}</bdi>;
}
