// The sessions of this person: by day, waiting ones first, with search; as a column of the window and as a switcher.
import { Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import { type KeyboardEvent, type ReactElement, useEffect, useRef, useState } from "react";
import type { DocumentKind, SearchHit, SessionSummary } from "../generated/protocol.ts";
import { newestFirst } from "../session/state.ts";
import { dayGroup, type DayGroup, when } from "../text/format.ts";
import { words } from "../words/en.ts";
import { useApp, useSession } from "./context.tsx";
import { Alert16Regular, ChevronDown16Regular, ErrorCircle16Filled, Glyph, Mark, Search16Regular } from "./icons.tsx";
import { doneOf } from "./plan.tsx";

const SEARCH_DELAY_MS = 150;
const GROUPS: readonly DayGroup[] = ["today", "yesterday", "week", "month", "earlier"];

/** Search over the list; what it finds takes the list's place. */
export function SessionBrowser({
  onChosen,
  autoFocus = false,
}: {
  onChosen?: () => void;
  autoFocus?: boolean;
}): ReactElement {
  const [text, setText] = useState("");
  const hits = useSearch(text);
  const box = useRef<HTMLDivElement>(null);
  const onKey = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const stops = [...(box.current?.querySelectorAll<HTMLElement>("input,.session") ?? [])];
    const next = stops[stops.indexOf(document.activeElement as HTMLElement) + step];
    if (step !== 0 && next !== undefined) {
      event.preventDefault();
      next.focus();
    }
  };
  return (
    <div className="session-browser" ref={box} onKeyDown={onKey}>
      <label className="search">
        <Search16Regular />
        <span className="visually-hidden">{words.sessions.searchLabel}</span>
        <input
          type="search"
          value={text}
          data-session-search
          autoFocus={autoFocus}
          placeholder={words.sessions.search}
          onChange={(event) => {
            setText(event.target.value);
          }}
        />
        <kbd className="small detail">{`${metaKey()} K`}</kbd>
      </label>
      <div className="session-scroll">
        {hits === undefined ? <SessionList onChosen={onChosen} /> : <Hits hits={hits} onChosen={onChosen} />}
      </div>
    </div>
  );
}

export const metaKey = (): string => (/mac/i.test(navigator.platform) ? "Cmd" : "Ctrl");

function useSearch(text: string): readonly SearchHit[] | undefined {
  const { store } = useApp();
  const [found, setFound] = useState<{ text: string; hits: readonly SearchHit[] } | undefined>();
  const wanted = text.trim();
  useEffect(() => {
    if (wanted === "") {
      return undefined;
    }
    let current = true;
    const timer = setTimeout(() => {
      store.search(wanted).then(
        (hits) => {
          if (current) {
            setFound({ text: wanted, hits });
          }
        },
        () => {
          if (current) {
            setFound({ text: wanted, hits: [] });
          }
        },
      );
    }, SEARCH_DELAY_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [wanted, store]);
  return wanted === "" || found === undefined ? undefined : found.hits;
}

function SessionList({ onChosen }: { onChosen: (() => void) | undefined }): ReactElement {
  const { sessions } = useSession();
  const now = Date.now();
  const sorted = newestFirst(sessions);
  const waiting = sorted.filter((session) => session.status === "waiting");
  const ordered = [...waiting, ...sorted.filter((session) => session.status !== "waiting")];
  if (sessions.length === 0) {
    return <p className="small detail session-none">{words.sessions.none}</p>;
  }
  return (
    <>
      {GROUPS.map((group) => {
        const members = ordered.filter((session) => dayGroup(session.updatedAt, now) === group);
        return members.length === 0 ? null : (
          <section key={group} aria-label={words.sessions.groups[group]}>
            <h2 className="small strong secondary session-group">{words.sessions.groups[group]}</h2>
            <ul className="plain-list">
              {members.map((session) => (
                <li key={session.id}>
                  <SessionRow session={session} onChosen={onChosen} />
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </>
  );
}

function SessionRow({
  session,
  onChosen,
}: {
  session: SessionSummary;
  onChosen: (() => void) | undefined;
}): ReactElement {
  const { store } = useApp();
  const { model } = useSession();
  const current = session.id === model.id;
  const kinds = session.documents.filter((kind): kind is DocumentKind => kind in words.documentKind);
  return (
    <button
      type="button"
      className="session"
      aria-current={current ? "true" : undefined}
      onClick={() => {
        store.choose(session.id);
        onChosen?.();
      }}
    >
      <span className="row session-line">
        <span className={current ? "grow cut strong" : "grow cut"}>{session.title || words.sessions.untitled}</span>
        {kinds.slice(0, 3).map((kind, index) => (
          <Glyph key={index} kind={kind} />
        ))}
      </span>
      <SessionStatusLine session={session} />
    </button>
  );
}

function SessionStatusLine({ session }: { session: SessionSummary }): ReactElement {
  const { model } = useSession();
  const steps = session.id === model.id ? model.plan?.steps : undefined;
  switch (session.status) {
    case "working":
      return (
        <span className="row small detail session-status">
          <span className="dot" />
          {steps === undefined || steps.length === 0
            ? words.sessions.working
            : words.sessions.workingStep(Math.min(doneOf(steps) + 1, steps.length), steps.length)}
        </span>
      );
    case "waiting":
      return (
        <span className="row small detail session-status">
          <Alert16Regular className="is-warning" />
          {words.sessions.waiting}
        </span>
      );
    case "failed":
      return (
        <span className="row small detail session-status">
          <ErrorCircle16Filled className="is-danger" />
          {words.sessions.failed}
        </span>
      );
    case "stopped":
      return <span className="small detail block">{words.sessions.stopped}</span>;
    case "idle":
      return (
        <span className="small detail block">
          {session.changes > 0 ? words.changes(session.changes) : when(session.updatedAt, Date.now())}
        </span>
      );
  }
}

function Hits({ hits, onChosen }: { hits: readonly SearchHit[]; onChosen: (() => void) | undefined }): ReactElement {
  const { store } = useApp();
  return (
    <>
      <p className="small strong secondary session-group" role="status">
        {hits.length === 0 ? words.sessions.nothingFound : words.sessions.found(hits.length)}
      </p>
      <ul className="plain-list">
        {hits.map((hit) => (
          <li key={`${hit.session}-${hit.seq}`}>
            <button
              type="button"
              className="session"
              onClick={() => {
                store.choose(hit.session);
                onChosen?.();
              }}
            >
              <span className="row session-line">
                <span className="grow cut">{hit.title || words.sessions.untitled}</span>
                <span className="small detail">{when(hit.at, Date.now())}</span>
              </span>
              <span className="small detail block session-excerpt">{hit.excerpt}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

interface SwitcherProps {
  open: boolean;
  onOpen: (open: boolean) => void;
  /** The pane shows the title in the switcher; the narrow window beside it. */
  titled: boolean;
}

export function SessionSwitcher({ open, onOpen, titled }: SwitcherProps): ReactElement {
  const { model } = useSession();
  const title = model.title === "" ? words.sessions.untitled : model.title;
  return (
    <Popover
      open={open}
      trapFocus
      positioning="below-start"
      onOpenChange={(_event, data) => {
        onOpen(data.open);
      }}
    >
      <PopoverTrigger disableButtonEnhancement>
        <button type="button" className="switcher" aria-haspopup="dialog" aria-label={words.sessions.switch(title)}>
          <Mark />
          {titled && <span className="cut">{title}</span>}
          <ChevronDown16Regular />
        </button>
      </PopoverTrigger>
      <PopoverSurface className="surface session-popover" aria-label={words.sessions.label}>
        <SessionBrowser
          autoFocus
          onChosen={() => {
            onOpen(false);
          }}
        />
      </PopoverSurface>
    </Popover>
  );
}
