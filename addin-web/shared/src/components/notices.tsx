// What happened to the turn or the connection: errors, pauses, ends. One sentence each for what happened, what was kept,
// what to do; never a trace.
import type { ReactElement, ReactNode } from "react";
import type { UserError } from "../generated/protocol.ts";
import type { NoticeEntry, RetryEntry, SummaryEntry } from "../session/model.ts";
import { pause } from "../text/format.ts";
import { words } from "../words/en.ts";
import { CopyCode, TextButton } from "./controls.tsx";
import { ArrowSync16Regular, ErrorCircle16Filled, Info16Regular } from "./icons.tsx";

interface ErrorCardProps {
  error: UserError;
  /** The one main action. */
  action?: ReactNode;
  /** Shows the detail at once: it says who decided. */
  open?: boolean;
}

export function ErrorCard({ error, action, open = false }: ErrorCardProps): ReactElement {
  return (
    <section className="card error-card" aria-label={error.happened}>
      <ErrorCircle16Filled className="is-danger" />
      <div className="grow">
        <p className="strong">{error.happened}</p>
        <p className="secondary">
          {error.kept} {error.action}
        </p>
        {error.detail !== undefined && (
          <details className="small secondary" open={open}>
            <summary>{words.failure.detail}</summary>
            <p className="error-detail">{error.detail}</p>
          </details>
        )}
        <div className="row error-foot">
          {action}
          <CopyCode
            code={error.code}
            className="error-code end"
            label={`${words.failure.copy} ${error.code}`}
            copied={words.failure.copied}
          />
        </div>
      </div>
    </section>
  );
}

export function RetryLine({ entry }: { entry: RetryEntry }): ReactElement {
  const wait = pause(entry.waitedMs);
  const { code, happened } = entry.error;
  return (
    <p className="row small detail line">
      <ArrowSync16Regular />
      <span>
        {code === "INF_SIGN_IN"
          ? words.retry[entry.over ? "signedIn" : "signIn"](happened)
          : entry.over
            ? words.retry.over(happened, wait)
            : words.retry.waiting(happened, wait, entry.attempt)}
      </span>
    </p>
  );
}

export function NoticeLine({ entry }: { entry: NoticeEntry }): ReactElement {
  if (entry.error !== undefined) {
    return <ErrorCard error={entry.error} />;
  }
  return <InfoLine>{entry.text}</InfoLine>;
}

/** Where the model goes on from a summary; the person reads what it is told. */
export function SummaryLine({ entry }: { entry: SummaryEntry }): ReactElement {
  if (entry.text === undefined) {
    return <InfoLine>{words.summary.running}</InfoLine>;
  }
  if (entry.text === "") {
    return <InfoLine>{words.summary.none}</InfoLine>;
  }
  return (
    <div className="row small detail line">
      <Info16Regular />
      <div className="grow">
        {words.summary.done}
        <details>
          <summary>{words.summary.show}</summary>
          <p className="summary-text">{entry.text}</p>
        </details>
      </div>
    </div>
  );
}

export function InfoLine({ children, action }: { children: ReactNode; action?: ReactNode }): ReactElement {
  return (
    <div className="row small detail line">
      <Info16Regular />
      <span>{children}</span>
      {action}
    </div>
  );
}

/** The last line of a turn that a person stopped. */
export function StoppedLine({ onGoOn }: { onGoOn: (() => void) | undefined }): ReactElement {
  return (
    <InfoLine
      action={
        onGoOn !== undefined && (
          <TextButton small onClick={onGoOn}>
            {words.message.goOn}
          </TextButton>
        )
      }
    >
      {words.message.stopped}
    </InfoLine>
  );
}
