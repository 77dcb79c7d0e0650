// The table of a question: what stands in a place now and what would stand there after.
import { type ReactElement, useState } from "react";
import type { BeforeAfter } from "../generated/protocol.ts";
import { type Pattern, patternAt } from "../text/formula.ts";
import { words } from "../words/en.ts";
import { LinkButton } from "./controls.tsx";

const ROWS_SHOWN = 6;

interface BeforeAfterProps {
  /** What the rows are called. */
  place: string;
  rows: readonly BeforeAfter[];
  total: number;
  /** Whether the rows are lines of a text; `new` where there is no text before. */
  lines?: "changed" | "new" | undefined;
  /** True where all rows are to be read before an answer. */
  whole?: boolean;
}

export function BeforeAfterTable({ place, rows, total, lines, whole = false }: BeforeAfterProps): ReactElement {
  const [all, setAll] = useState(whole);
  const shown = all ? rows : rows.slice(0, ROWS_SHOWN);
  const left = total - rows.length;
  const count = lines === undefined ? words.cells : words.lines;
  return (
    <>
      <table className={lines === undefined ? "before-after" : `before-after text-lines text-${lines}`}>
        <thead>
          <tr>
            <th scope="col">{place}</th>
            {lines !== "new" && <th scope="col">{words.approval.now}</th>}
            <th scope="col">{lines === "new" ? words.approval.text : words.approval.after}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row, index) => (
            // A line that is taken out and one that is put in may have the same number.
            <Row key={`${index} ${row.cell}`} row={row} pattern={patternAt(shown, index)} lines={lines} />
          ))}
        </tbody>
      </table>
      {!whole && rows.length > ROWS_SHOWN && (
        <LinkButton
          onClick={() => {
            setAll(!all);
          }}
        >
          {all ? words.approval.showFewer : words.approval.showAll(count(total))}
        </LinkButton>
      )}
      {all && left > 0 && <p className="small detail">{words.approval.more(count(left))}</p>}
    </>
  );
}

interface RowProps {
  row: BeforeAfter;
  pattern: Pattern | undefined;
  lines: BeforeAfterProps["lines"];
}

/** One line of the table, and below the last row of a pattern the formula that it shares. */
function Row({ row, pattern, lines }: RowProps): ReactElement {
  const same = row.now === row.after;
  const formula = pattern?.first === undefined ? words.approval.formula : words.approval.formulaAs(pattern.first);
  return (
    <>
      <tr className={pattern?.text === undefined ? undefined : "no-rule"}>
        <th scope="row">
          <span className="ltr">{row.cell}</span> {row.label}
        </th>
        {lines !== "new" && <Content text={row.now} look="now" isLine={lines !== undefined} />}
        <Content
          text={row.formula ? formula : row.after}
          look={same ? "same" : "after"}
          isLine={lines !== undefined}
        />
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

interface ContentProps {
  text: string;
  look: "now" | "after" | "same";
  isLine: boolean;
}

function Content({ text, look, isLine }: ContentProps): ReactElement {
  if (text === "") {
    return <td className={`${look} nothing`}>{words.approval.empty}</td>;
  }
  // Numbers stay left-to-right; a line of words runs as its language does.
  return isLine ? (
    <td className={look}>
      <bdi>{text}</bdi>
    </td>
  ) : (
    <td className={`${look} ltr`}>{text}</td>
  );
}
