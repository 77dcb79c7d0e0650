// Where settings come from, what is wrong there, and settings in and out of files.
import { type ChangeEvent, type ReactElement, useId, useState } from "react";
import type { ImportDifference, SettingProblem, SourceView } from "../../generated/protocol.ts";
import { when } from "../../text/format.ts";
import { words } from "../../words/en.ts";
import { TextButton } from "../controls.tsx";
import { Exports } from "./exports.tsx";
import { Table } from "./table.tsx";
import { useConfiguration } from "./use.ts";

const texts = words.configuration;

export function SourceParts(): ReactElement {
  return (
    <>
      <Sources />
      <Problems />
      <Export />
      <Import />
    </>
  );
}

function Sources(): ReactElement {
  const { answer } = useConfiguration().state;
  return (
    <section>
      <Table
        level="h2"
        title={texts.sources}
        about={answer && texts.readAt(when(answer.readAt, Date.now()))}
        columns={Object.values(texts.sourceColumns)}
      >
        {answer?.sources.map((source, index) => (
          <Source key={`${source.kind} ${source.place} ${index}`} source={source} />
        ))}
      </Table>
    </section>
  );
}

function Source({ source }: { source: SourceView }): ReactElement {
  return (
    <tr>
      <td>{texts.sourceOf[source.kind]}</td>
      <td>{source.place === "" ? <span className="detail">{texts.sourceNone}</span> : <bdi className="ltr">{source.place}</bdi>}</td>
      <td className="num">
        {source.problem ?? (source.keys === undefined ? "" : texts.sourceKeys(source.keys))}
      </td>
    </tr>
  );
}

function Problems(): ReactElement {
  const { state } = useConfiguration();
  const problems = state.answer?.problems ?? [];
  return (
    <section aria-label={texts.problems}>
      <h2 className="title">{texts.problems}</h2>
      {problems.length === 0 ? (
        <p className="secondary">{texts.noProblems}</p>
      ) : (
        <ul className="plain-list problem-list">
          {problems.map((problem) => (
            <ProblemLine key={`${problem.key} ${problem.place} ${problem.sentence}`} problem={problem} />
          ))}
        </ul>
      )}
    </section>
  );
}

function ProblemLine({ problem }: { problem: SettingProblem }): ReactElement {
  const line = problem.line === undefined ? "" : `, ${texts.line(problem.line)}`;
  return (
    <li>
      <span className={problem.weight === "note" ? "badge" : "badge badge-warning"}>{texts.weight[problem.weight]}</span>{" "}
      {problem.key !== "" && <code className="mono ltr">{problem.key}</code>} {problem.sentence}
      {problem.place !== "" && (
        <span className="block small detail">
          <bdi className="ltr">{problem.place}</bdi>
          {line}
        </span>
      )}
    </li>
  );
}

function Export(): ReactElement {
  return (
    <section aria-label={texts.exportTitle}>
      <h2 className="title">{texts.exportTitle}</h2>
      <p className="small secondary">{texts.exportText}</p>
      <h3 className="strong">{texts.exportAs.values}</h3>
      <Exports holds="values" />
      <h3 className="strong">{texts.exportAs.template}</h3>
      <Exports holds="template" />
    </section>
  );
}

function Import(): ReactElement {
  const { configuration, state } = useConfiguration();
  const [text, setText] = useState("");
  const id = useId();
  const take = async (name: string, bytes: Uint8Array): Promise<void> => {
    await configuration.take({ name, bytes: base64(bytes) });
  };
  const choose = (event: ChangeEvent<HTMLInputElement>): void => {
    const file = event.target.files?.[0];
    event.target.value = "";
    if (file !== undefined) {
      void file.arrayBuffer().then((content) => take(file.name, new Uint8Array(content)));
    }
  };
  const { imported } = state;
  return (
    <section aria-label={texts.importTitle}>
      <h2 className="title">{texts.importTitle}</h2>
      <p className="small secondary">{texts.importText}</p>
      <div className="import">
        <label className="strong small" htmlFor={`${id}-file`}>
          {texts.importFile}
        </label>
        <input id={`${id}-file`} type="file" className="field field-file" accept=".json,.reg,.mobileconfig,.plist" onChange={choose} />
        <label className="strong small" htmlFor={id}>
          {texts.importPaste}
        </label>
        <textarea
          id={id}
          className="field field-long ltr"
          rows={4}
          spellCheck={false}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
          }}
        />
        <div>
          <TextButton
            blocked={text.trim() === "" ? texts.importEmpty : undefined}
            onClick={() => {
              if (text.trim() !== "") {
                void take("", new TextEncoder().encode(text));
              }
            }}
          >
            {texts.importPasted}
          </TextButton>
        </div>
      </div>
      <div role="status">
        {imported !== undefined && <p>{texts.importDone(Object.keys(imported.changes).length)}</p>}
      </div>
      {imported !== undefined && imported.reaches.length > 0 && <Told title={texts.reaches} lines={imported.reaches} />}
      {imported !== undefined && imported.differences.length > 0 && (
        <Told title={texts.differences(imported.differences.length)} lines={imported.differences} />
      )}
    </section>
  );
}

/** What there is to know of keys in an imported file. */
function Told({ title, lines }: { title: string; lines: readonly ImportDifference[] }): ReactElement {
  return (
    <>
      <h3 className="strong">{title}</h3>
      <ul className="plain-list problem-list" aria-label={title}>
        {lines.map(({ key, line, sentence }) => (
          <li key={`${key} ${line ?? ""} ${sentence}`}>
            {key !== "" && <code className="mono ltr">{key}</code>} {sentence}
            {line !== undefined && <span className="small detail"> {texts.line(line)}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
