// A question to the person: what would change, what stays, what to weigh. Never folded while open, never focused by itself.
import { memo, type ReactElement, useId, useState } from "react";
import type { BeforeAfter, Choice, DocumentKind, PermissionRequest, SettledBy } from "../generated/protocol.ts";
import type { ApprovalEntry } from "../session/model.ts";
import { documentNow } from "../session/store.ts";
import { type Pattern, patternAt } from "../text/formula.ts";
import { when } from "../text/format.ts";
import { words } from "../words/en.ts";
import { LinkButton, TextButton } from "./controls.tsx";
import { useApp, useSession } from "./context.tsx";
import { Checkmark16Regular, Dismiss16Regular, Glyph, Warning16Filled } from "./icons.tsx";

const ROWS_SHOWN = 6;

export const Approval = memo(function Approval({ entry }: { entry: ApprovalEntry }): ReactElement {
  return entry.settled === undefined ? (
    <OpenApproval request={entry.request} />
  ) : (
    <SettledApproval question={entry.request.question} {...entry.settled} />
  );
});

function OpenApproval({ request }: { request: PermissionRequest }): ReactElement {
  const { store } = useApp();
  const title = useId();
  const document = documentNow(useSession(), request.document);
  return (
    <div className="card approval" role="group" aria-labelledby={title} data-approval tabIndex={-1}>
      <div className="card-head">
        <h2 className="grow" id={title}>
          {request.question}
        </h2>
        {document !== undefined && <Glyph kind={document.kind satisfies DocumentKind} state={document.state} />}
      </div>
      <div className="card-body">
        {request.scope !== "" && <p className="small secondary scope">{request.scope}</p>}
        {request.rows.length > 0 && (
          <BeforeAfterTable
            place={words.approval.place(document?.kind)}
            rows={request.rows}
            total={request.total}
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
        <Choices
          choices={request.choices}
          onAnswer={(choice) => {
            store.answer(request.id, choice);
          }}
        />
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
  onAnswer,
}: {
  choices: readonly Choice[];
  onAnswer: (choice: Choice) => void;
}): ReactElement {
  const [given, setGiven] = useState<Choice | undefined>();
  return (
    <div className="row choices">
      {choices.map((choice, index) => (
        <TextButton
          key={choice}
          look={choice === "deny" ? "quiet" : index === 0 ? "main" : "outline"}
          className={choice === "deny" ? "end" : ""}
          blocked={given === undefined ? undefined : words.approval[given]}
          onClick={() => {
            setGiven(choice);
            onAnswer(choice);
          }}
        >
          {words.approval[choice]}
        </TextButton>
      ))}
    </div>
  );
}

interface BeforeAfterProps {
  /** What the rows are called. */
  place: string;
  rows: readonly BeforeAfter[];
  total: number;
}

function BeforeAfterTable({ place, rows, total }: BeforeAfterProps): ReactElement {
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.slice(0, ROWS_SHOWN);
  const left = total - rows.length;
  return (
    <>
      <table className="before-after">
        <thead>
          <tr>
            <th scope="col">{place}</th>
            <th scope="col">{words.approval.now}</th>
            <th scope="col">{words.approval.after}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row, index) => (
            <Row key={row.cell} row={row} pattern={patternAt(shown, index)} />
          ))}
        </tbody>
      </table>
      {rows.length > ROWS_SHOWN && (
        <LinkButton
          onClick={() => {
            setAll(!all);
          }}
        >
          {all ? words.approval.showFewer : words.approval.showAll(total)}
        </LinkButton>
      )}
      {all && left > 0 && <p className="small detail">{words.approval.more(left)}</p>}
    </>
  );
}

/** One line of the table, and below the last row of a pattern the formula that it shares. */
function Row({ row, pattern }: { row: BeforeAfter; pattern: Pattern | undefined }): ReactElement {
  const same = row.now === row.after;
  const formula = pattern?.first === undefined ? words.approval.formula : words.approval.formulaAs(pattern.first);
  return (
    <>
      <tr className={pattern?.text === undefined ? undefined : "no-rule"}>
        <th scope="row">
          <span className="ltr">{row.cell}</span> {row.label}
        </th>
        <td className="ltr">{row.now === "" ? words.approval.empty : row.now}</td>
        <td className={same ? "ltr same" : "ltr"}>
          {row.formula ? formula : row.after === "" ? words.approval.empty : row.after}
        </td>
      </tr>
      {pattern?.text !== undefined && (
        <tr>
          <td className="formula mono ltr" colSpan={3}>
            {pattern.text}
          </td>
        </tr>
      )}
    </>
  );
}

function SettledApproval({
  question,
  choice,
  by,
  at,
}: {
  question: string;
  choice: Choice;
  by: SettledBy;
  at: number;
}) {
  const { kind } = useApp();
  const allowed = choice !== "deny";
  return (
    <p className="row small secondary settled">
      {allowed ? <Checkmark16Regular className="is-ok" /> : <Dismiss16Regular className="detail" />}
      <span>
        {question} {outcome(allowed, by, kind, when(at, Date.now()))}
      </span>
    </p>
  );
}

function outcome(allowed: boolean, by: SettledBy, here: string, time: string): string {
  const key = allowed ? "allow" : "deny";
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
      const what = allowed ? words.approval.allowed : words.approval.denied;
      return by.person === here
        ? words.approval.answeredHere(what, time)
        : words.approval.answered(what, words.approval.places[by.person], time);
    }
  }
}
