// A question to the person: what would change, what stays, what to weigh. Never folded while open, never focused by itself.
import { memo, type ReactElement, useId, useState } from "react";
import type { Choice, DocumentKind, PermissionRequest, SettledBy } from "../generated/protocol.ts";
import type { ApprovalEntry } from "../session/model.ts";
import { documentNow } from "../session/state.ts";
import { fileName, when } from "../text/format.ts";
import { words } from "../words/en.ts";
import { BeforeAfterTable } from "./before-after.tsx";
import { CommandAsked } from "./command.tsx";
import { TextButton } from "./controls.tsx";
import { useApp, useSession } from "./context.tsx";
import { FolderAsked, FolderChoices } from "./folder-request.tsx";
import {
  Checkmark16Regular,
  Dismiss16Regular,
  Folder16Regular,
  Globe16Regular,
  Glyph,
  Warning16Filled,
  WindowConsole20Regular,
} from "./icons.tsx";
import { ReadBeforeLine } from "./read-before.tsx";

export const Approval = memo(function Approval({ entry }: { entry: ApprovalEntry }): ReactElement {
  return entry.settled === undefined ? (
    <OpenApproval request={entry.request} />
  ) : (
    <SettledApproval request={entry.request} {...entry.settled} />
  );
});

function OpenApproval({ request }: { request: PermissionRequest }): ReactElement {
  const { store } = useApp();
  const title = useId();
  const document = documentNow(useSession(), request.document);
  const asksFolder = request.directory !== undefined;
  // A document that has a path is not one of lines.
  const isFile = request.path !== undefined && request.document === undefined && !asksFolder;
  const onAnswer = (choice: Choice, folder?: string): Promise<boolean> => store.answer(request.id, choice, folder);
  return (
    <div className="card approval" role="group" aria-labelledby={title} data-approval tabIndex={-1}>
      <div className="card-head">
        <h2 className="grow" id={title}>
          {request.question}
        </h2>
        {document !== undefined && <Glyph kind={document.kind satisfies DocumentKind} state={document.state} />}
        {isFile && <Glyph kind="file" />}
        {asksFolder && <Folder16Regular className="detail" />}
        {request.web !== undefined && <Globe16Regular className="detail" />}
        {request.command !== undefined && <WindowConsole20Regular className="detail" />}
      </div>
      <div className="card-body">
        {asksFolder && <FolderAsked request={request} />}
        {request.path !== undefined && !asksFolder && (
          <p className="small path">
            <bdi className="ltr">{request.path}</bdi>
          </p>
        )}
        {request.web !== undefined && (
          <p className="small path">
            <bdi className="ltr">{request.web.sent}</bdi>
          </p>
        )}
        {request.command !== undefined && <CommandAsked request={request.command} scoped={request.scope !== ""} />}
        {request.scope !== "" && <p className="small secondary scope">{request.scope}</p>}
        {request.rows.length > 0 && (
          <BeforeAfterTable
            place={isFile ? words.approval.line : words.approval.place(document?.kind)}
            rows={request.rows}
            total={request.total}
            whole={request.reason === "remembers"}
            lines={isFile ? (request.reason === "creates" ? "new" : "changed") : undefined}
          />
        )}
        {request.risks.map((risk) => (
          <div key={risk.cells} className="note note-warning">
            <Warning16Filled />
            <span>
              <Reach text={words.approval.risk(risk.cells, risk.reach)} /> {risk.rule}
            </span>
          </div>
        ))}
        {request.risks.length === 0 && request.rows.some((row) => row.formula) && (
          <p className="small secondary no-risk">{words.approval.noRisk}</p>
        )}
        {asksFolder ? (
          <FolderChoices request={request} onAnswer={onAnswer} />
        ) : (
          <Choices choices={request.choices} runs={request.reason === "runs"} onAnswer={onAnswer} />
        )}
        {request.reason === "runs" && request.choices.includes("allowSession") && (
          <p className="small secondary always">{words.sandbox.session}</p>
        )}
        {request.choices.includes("allowAlways") && (
          <p className="small secondary always">{words.approval.always(fileName(request.folder ?? ""))}</p>
        )}
        {request.read !== undefined && <ReadBeforeLine read={request.read} />}
      </div>
    </div>
  );
}

/** What the cells do, in bold; what they reach, behind the comma, plain. */
function Reach({ text }: { text: string }): ReactElement {
  const comma = text.indexOf(",") + 1;
  const end = comma === 0 ? text.length : comma;
  return (
    <>
      <strong>{text.slice(0, end)}</strong>
      {text.slice(end)}.
    </>
  );
}

function Choices({
  choices,
  runs,
  onAnswer,
}: {
  choices: readonly Choice[];
  /** True for a command: an answer for the session is for all of them. */
  runs: boolean;
  onAnswer: (choice: Choice) => Promise<boolean>;
}): ReactElement {
  const [given, setGiven] = useState<Choice | undefined>();
  const wordOf = (choice: Choice): string =>
    runs && choice === "allowSession" ? words.sandbox.allowSession : words.approval[choice];
  return (
    <div className="row choices" role="group" aria-label={words.approval.answers}>
      {choices.map((choice, index) => (
        <TextButton
          key={choice}
          look={choice === "deny" ? "quiet" : index === 0 ? "main" : "outline"}
          className={choice === "deny" ? "end" : ""}
          blocked={given === undefined ? undefined : wordOf(given)}
          onClick={() => {
            setGiven(choice);
            void onAnswer(choice).then((taken) => {
              if (!taken) {
                setGiven(undefined);
              }
            });
          }}
        >
          {wordOf(choice)}
        </TextButton>
      ))}
    </div>
  );
}

interface SettledProps {
  request: PermissionRequest;
  choice: Choice;
  by: SettledBy;
  at: number;
  folder?: string | undefined;
}

function SettledApproval({ request, choice, by, at, folder }: SettledProps): ReactElement {
  const { kind } = useApp();
  const allowed = choice !== "deny";
  return (
    <p className="row small secondary settled">
      {allowed ? <Checkmark16Regular className="is-ok" /> : <Dismiss16Regular className="detail" />}
      <span>
        {request.question} {outcome(choice, by, kind, when(at, Date.now()))}
        {folder !== undefined && folder !== request.path && (
          <>
            . {words.attach.instead} <bdi className="ltr path">{folder}</bdi>
          </>
        )}
      </span>
    </p>
  );
}

function outcome(choice: Choice, by: SettledBy, here: string, time: string): string {
  const key = choice === "deny" ? "deny" : "allow";
  switch (by) {
    case "sessionGrant":
      return words.approval.bySession;
    case "lastingGrant":
      return words.approval.byLasting;
    case "mode":
      return words.approval.byMode[key];
    case "policy":
      return words.approval.byPolicy[key];
    case "void":
      return words.approval.void;
    default: {
      const what = words.approval.given[choice];
      return by.person === here
        ? words.approval.answeredHere(what, time)
        : words.approval.answered(what, words.approval.places[by.person], time);
    }
  }
}
