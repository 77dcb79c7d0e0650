// Figures that were written with their source, by place. The source is what was recorded then, never added later.
import type { ReactElement } from "react";
import type { ChangeEntry, FigureSource } from "../generated/protocol.ts";
import { number, shortTitle, when } from "../text/format.ts";
import { words } from "../words/en.ts";
import { CitationChip, placeOf } from "./citation.tsx";
import { useSession } from "./context.tsx";
import { Circle16Regular } from "./icons.tsx";

interface Group {
  entry: ChangeEntry;
  at: number;
  sources: readonly FigureSource[];
}

export function FiguresList(): ReactElement {
  const { model } = useSession();
  const groups: Group[] = model.changes
    .filter((change) => change.undoneAt === undefined)
    .flatMap((change) =>
      change.set.entries.map((entry) => ({ entry, at: change.set.at, sources: entry.sources ?? [] })),
    )
    .filter((group) => group.sources.length > 0);
  const count = groups.reduce((sum, group) => sum + group.sources.length, 0);
  if (count === 0) {
    return <p className="small detail">{words.figures.none}</p>;
  }
  return (
    <>
      <div>
        <h2 className="title">{words.figures.recorded(count)}</h2>
        <p className="small secondary figures-note">{words.figures.note}</p>
      </div>
      {groups.map((group, index) => (
        <section key={index}>
          <div className="row figures-group">
            <span className="small strong secondary ltr">{placeOf(group.entry.target)}</span>
            <span className="small detail cut">
              {shortTitle(group.entry.title)}, {when(group.at, Date.now())}
            </span>
          </div>
          <ul className="card plain-list">
            {group.sources.map((source) => (
              <Figure key={`${source.figure}#${source.address}`} source={source} />
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

function Figure({ source }: { source: FigureSource }): ReactElement {
  return (
    <li className="figure">
      <Circle16Regular className="detail" aria-hidden="true" />
      <div className="grow">
        <div className="cut ltr">{source.figure}</div>
        <div className="small">
          <CitationChip document={source.document} target={source.address} />
        </div>
      </div>
      <span className="num strong ltr">{valueOf(source)}</span>
    </li>
  );
}

function valueOf({ value }: FigureSource): string {
  return typeof value === "number" ? number(value) : value === undefined || value === null ? "" : String(value);
}
