// The conversation: follows its end while the person is there, keeps still while they read further up.
import { type ReactElement, useEffect, useRef } from "react";
import type { Entry, CallEntry } from "../session/model.ts";
import { openApprovals } from "../session/model.ts";
import { timeline, type TimelineRow } from "../session/timeline.ts";
import { words } from "../words/en.ts";
import { Approval } from "./approval.tsx";
import { CallCard } from "./calls.tsx";
import { TurnChanges } from "./changes.tsx";
import { ActionError } from "./connection.tsx";
import { useApp, useSession } from "./context.tsx";
import { TextButton } from "./controls.tsx";
import { FileResult, RemovedFile } from "./files.tsx";
import { EndedLine } from "./background.tsx";
import { AgentMessage, PromptMessage } from "./message.tsx";
import { ErrorCard, InfoLine, NoticeLine, RetryLine, StoppedLine, SummaryLine } from "./notices.tsx";
import { PairingRequests } from "./pairing.tsx";
import { PlanCard } from "./plan.tsx";
import { SeenLine } from "./seen.tsx";
import { StartScreen } from "./start.tsx";

const NEAR_END_PX = 80;
/** How long after a person's move a scroll counts as theirs. */
const MOVE_MS = 1_000;
const MOVES = ["wheel", "touchmove", "keydown", "pointerdown"];

interface ConversationProps {
  narrow: boolean;
  /** Puts a text into the prompt box. */
  onPrompt: (text: string) => void;
}

export function Conversation({ narrow, onPrompt }: ConversationProps): ReactElement {
  const { model, pending: unsent } = useSession();
  const pending = unsent.filter((prompt) => prompt.session === model.id || prompt.session === undefined);
  const rows = timeline(model, narrow);
  const scroll = useFollowEnd(model.id);
  const empty = rows.length === 0 && pending.length === 0;
  return (
    <section
      className="scroll"
      id="conversation"
      role="log"
      aria-live="off"
      aria-label={words.areas.conversation}
      ref={scroll}
      tabIndex={0}
      data-area
    >
      <div className="column">
        {empty && <StartScreen onPrompt={onPrompt} />}
        {rows.map((row, index) => (
          <Row key={row.key} row={row} last={index === rows.length - 1} onPrompt={onPrompt} />
        ))}
        {pending.map((prompt) => (
          <div key={prompt.clientId} className="own-message own-pending" dir="auto">
            {prompt.draft.text}
          </div>
        ))}
        <PairingRequests />
        <ActionError />
      </div>
    </section>
  );
}

interface RowProps {
  row: TimelineRow;
  last: boolean;
  onPrompt: (text: string) => void;
}

function Row({ row, last, onPrompt }: RowProps): ReactElement | null {
  const { model } = useSession();
  switch (row.kind) {
    case "calls":
      return <CallCard calls={row.calls} />;
    case "plan":
      return model.plan === undefined ? null : (
        <PlanCard steps={model.plan.steps} waiting={openApprovals(model).length > 0} />
      );
    case "changes":
      return <TurnChanges changes={row.changes} />;
    case "entry":
      return <EntryRow entry={row.entry} last={last} onPrompt={onPrompt} />;
  }
}

function EntryRow({
  entry,
  last,
  onPrompt,
}: {
  entry: Exclude<Entry, CallEntry>;
  last: boolean;
  onPrompt: (text: string) => void;
}): ReactElement {
  const goOn = useGoOn();
  const offered = last ? goOn : undefined;
  switch (entry.kind) {
    case "prompt":
      return <PromptMessage entry={entry} />;
    case "message":
      return <AgentMessage entry={entry} onGoOn={offered} />;
    case "approval":
      return <Approval entry={entry} />;
    case "retry":
      return <RetryLine entry={entry} />;
    case "notice":
      return <NoticeLine entry={entry} />;
    case "resumed":
      return <InfoLine>{words.message.resumed}</InfoLine>;
    case "summary":
      return <SummaryLine entry={entry} />;
    case "stopped":
      return <StoppedLine onGoOn={offered} />;
    case "file":
      return <FileResult entry={entry} />;
    case "seen":
      return <SeenLine entry={entry} />;
    case "ended":
      return <EndedLine entry={entry} />;
    case "removed":
      return <RemovedFile changeSet={entry.id} />;
    case "failure":
      return (
        <ErrorCard
          error={entry.error}
          action={last && <AgainButton onPrompt={onPrompt} onGoOn={goOn} kept={entry.error.code.startsWith("TURN_")} />}
        />
      );
  }
}

/** After a limit the turn goes on; after a fault the last prompt is put back to be sent again. */
function AgainButton({
  kept,
  onGoOn,
  onPrompt,
}: {
  kept: boolean;
  onGoOn: () => void;
  onPrompt: (text: string) => void;
}): ReactElement {
  const { model } = useSession();
  const last = model.entries.findLast((entry) => entry.kind === "prompt");
  return (
    <TextButton
      small
      look="main"
      onClick={() => {
        if (kept) {
          onGoOn();
        } else if (last?.kind === "prompt") {
          onPrompt(last.text);
        }
      }}
    >
      {kept ? words.failure.goOn : words.failure.retry}
    </TextButton>
  );
}

function useGoOn(): () => void {
  const { store } = useApp();
  return () => {
    store
      .prompt({ text: words.message.goOn, documents: [], selection: undefined, model: undefined, mode: "ask" })
      .catch(() => undefined);
  };
}

/** Keeps the end in view while it grows, unless the person has scrolled up. */
function useFollowEnd(session: string | undefined): React.RefObject<HTMLElement | null> {
  const scroll = useRef<HTMLElement>(null);
  useEffect(() => {
    const box = scroll.current;
    const content = box?.firstElementChild;
    if (box === null || content === null || content === undefined) {
      return undefined;
    }
    let following = true;
    let movedAt = Number.NEGATIVE_INFINITY;
    const toEnd = (): void => {
      if (following) {
        box.scrollTop = box.scrollHeight;
      }
    };
    const onScroll = (): void => {
      const nearEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END_PX;
      // The view moves by itself too, where content shrinks and grows: only a person leaves the end.
      following = nearEnd || (following && performance.now() - movedAt > MOVE_MS);
    };
    const onMove = (event: Event): void => {
      // A press on the box itself is one on its scroll bar.
      if (event.type !== "pointerdown" || event.target === box) {
        movedAt = performance.now();
      }
    };
    const grown = new ResizeObserver(toEnd);
    grown.observe(content);
    grown.observe(box);
    box.addEventListener("scroll", onScroll, { passive: true });
    MOVES.forEach((move) => {
      box.addEventListener(move, onMove, { passive: true });
    });
    toEnd();
    return () => {
      grown.disconnect();
      box.removeEventListener("scroll", onScroll);
      MOVES.forEach((move) => {
        box.removeEventListener(move, onMove);
      });
    };
  }, [session]);
  return scroll;
}
