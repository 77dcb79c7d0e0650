// What Deskhand records of its own failures, times and use. It stays on this computer; here a person sees all of it.
import { type ReactElement, useEffect, useState } from "react";
import type { DiagnosticsAnswer, DiagnosticsView } from "../../generated/protocol.ts";
import { words } from "../../words/en.ts";
import { useApp } from "../context.tsx";
import { Table } from "./table.tsx";

const texts = words.configuration.diagnostics;

export function Diagnostics(): ReactElement {
  const { store } = useApp();
  const [answer, setAnswer] = useState<DiagnosticsAnswer>();
  useEffect(() => {
    void store.diagnostics().then(setAnswer);
  }, [store]);
  return (
    <section>
      <Table level="h2" title={texts.title} about={texts.stays} columns={Object.values(texts.columns)}>
        {answer?.categories.map((category) => (
          <Category key={category.category} category={category} />
        ))}
      </Table>
    </section>
  );
}

function Category({ category }: { category: DiagnosticsView }): ReactElement {
  const { records, count } = category;
  return (
    <tr>
      <td>{category.category}</td>
      <td>
        {category.closed ? (
          <span className="detail">{texts.closed}</span>
        ) : records.length === 0 ? (
          <span className="detail">{texts.none}</span>
        ) : (
          <details>
            <summary>{texts.show(records.length, count)}</summary>
            <pre className="mono ltr small diagnostics-records" tabIndex={0} aria-label={category.category}>
              {records.join("\n")}
            </pre>
          </details>
        )}
      </td>
      <td>
        <code className="mono detail ltr">{category.key}</code>
      </td>
    </tr>
  );
}
