// Figures beside the sources they were written from: what changed first, what agrees folded. The source is what was recorded
// then, never added later.
import { type ReactElement, useEffect, useState } from "react";
import type { CellValue, FigureCheck, FigureState } from "../generated/protocol.ts";
import type { FiguresFound } from "../session/state.ts";
import { exact, growth, shortTitle, when } from "../text/format.ts";
import { words } from "../words/en.ts";
import { CitationChip, placeOf } from "./citation.tsx";
import { useSession, useStore } from "./context.tsx";
import { LinkButton } from "./controls.tsx";
import {
  ArrowRight16Regular,
  ArrowSync16Regular,
  CheckmarkCircle16Filled,
  ChevronDown16Regular,
  ChevronUp16Regular,
  Circle16Regular,
  Warning16Filled,
} from "./icons.tsx";

const STATES = ["match", "changed", "unreachable"] as const satisfies readonly FigureState[];

export function FiguresList(): ReactElement {
  const store = useStore();
  const { model, connection, figures, checking } = useSession();
  const recorded = model.changes
    .filter((change) => change.undoneAt === undefined)
    .map((change) => ({ id: change.set.id, count: change.set.entries.flatMap((entry) => entry.sources ?? []).length }))
    .filter((change) => change.count > 0);
  const count = recorded.reduce((sum, change) => sum + change.count, 0);
  const written = [model.id, ...recorded.map((change) => change.id)].join(" ");
  const ready = connection.kind === "online" && count > 0;
  useEffect(() => {
    // Anew when figures were written or undone meanwhile.
    if (ready) {
      void store.checkFigures();
    }
  }, [store, ready, written]);
  if (count === 0) {
    return <p className="small detail">{words.figures.none}</p>;
  }
  return (
    <>
      <div>
        <div className="row">
          <h2 className="title grow">
            {figures === undefined ? words.figures.recorded(count) : words.figures.checked(figures.figures.length)}
          </h2>
          {checking ? (
            <span className="row small detail" role="status">
              <span className="ring" />
              {words.figures.checking}
            </span>
          ) : (
            <LinkButton
              icon={<ArrowSync16Regular />}
              onClick={() => {
                void store.checkFigures();
              }}
            >
              {words.figures.check}
            </LinkButton>
          )}
        </div>
        {figures !== undefined && <Counts figures={figures.figures} />}
      </div>
      {figures !== undefined && <Found key={model.id} found={figures} />}
    </>
  );
}

function Counts({ figures }: { figures: readonly FigureCheck[] }): ReactElement {
  const counts = STATES.map((state) => ({ state, count: figures.filter((each) => each.state === state).length }));
  const shown = counts.filter(({ count }) => count > 0);
  const texts = shown.map(({ state, count }) => words.figures.states[state](count));
  return (
    <>
      <div className="figures-bar" role="img" aria-label={texts.join(", ")}>
        {shown.map(({ state, count }) => (
          <span key={state} className={state} style={{ flexGrow: count }} />
        ))}
      </div>
      <div className="row small secondary figures-counts">
        {shown.map(({ state }, index) => (
          <span key={state} className="row num">
            <StateIcon state={state} />
            {texts[index]}
          </span>
        ))}
      </div>
    </>
  );
}

function StateIcon({ state }: { state: FigureState }): ReactElement {
  switch (state) {
    case "match":
      return <CheckmarkCircle16Filled className="is-ok" aria-hidden="true" />;
    case "changed":
      return <Warning16Filled className="is-warning" aria-hidden="true" />;
    case "unreachable":
      return <Circle16Regular className="detail" aria-hidden="true" />;
  }
}

function Found({ found: { figures, at } }: { found: FiguresFound }): ReactElement {
  const matches = figures.filter((figure) => figure.state === "match");
  const others = figures.filter((figure) => figure.state !== "match");
  const [chosen, setChosen] = useState<boolean | undefined>();
  const unfolded = chosen ?? others.length === 0;
  return (
    <>
      <Groups figures={others} checkedAt={at} />
      {matches.length > 0 && others.length > 0 && (
        <LinkButton
          icon={unfolded ? <ChevronUp16Regular /> : <ChevronDown16Regular />}
          expanded={unfolded}
          onClick={() => {
            setChosen(!unfolded);
          }}
        >
          {words.figures.matches(matches.length)}
        </LinkButton>
      )}
      {unfolded && <Groups figures={matches} checkedAt={at} />}
    </>
  );
}

/** Figures by the place they stand in; what changed at the top of its place. */
function Groups({ figures, checkedAt }: { figures: readonly FigureCheck[]; checkedAt: number }): ReactElement {
  const groups = new Map<string, FigureCheck[]>();
  for (const figure of figures) {
    const key = `${figure.document}#${figure.target}`;
    groups.set(key, [...(groups.get(key) ?? []), figure]);
  }
  return (
    <>
      {[...groups].map(([key, group]) => (
        <section key={key}>
          <div className="row figures-group">
            <span className="small strong secondary ltr">{placeOf(group[0]?.target ?? "")}</span>
            <span className="small detail cut">{shortTitle(group[0]?.title ?? "")}</span>
          </div>
          {group
            .filter((figure) => figure.state === "changed")
            .map((figure) => (
              <Changed key={keyOf(figure)} figure={figure} checkedAt={checkedAt} />
            ))}
          <Rows figures={group.filter((figure) => figure.state !== "changed")} />
        </section>
      ))}
    </>
  );
}

const keyOf = ({ changeSet, figure, source }: FigureCheck): string => `${changeSet}#${figure}#${source.address}`;

function Changed({ figure, checkedAt }: { figure: FigureCheck; checkedAt: number }): ReactElement {
  const { source, then, now, at } = figure;
  const time = Date.now();
  const difference = typeof then === "number" && typeof now === "number" ? growth(then, now) : "";
  return (
    <div className="card figure-changed">
      <div className="card-head">
        <StateIcon state="changed" />
        <h3 className="grow cut ltr">{figure.figure}</h3>
        <span className="badge badge-warning">{words.figures.sourceChanged}</span>
      </div>
      <div className="card-body">
        <div className="figure-values">
          <Value label={words.figures.then} value={then} />
          <ArrowRight16Regular className="detail" aria-hidden="true" />
          <Value label={words.figures.now} value={now} />
        </div>
        <div className="row figure-from">
          <span className="small cut">{shortTitle(source.title)}</span>
          <CitationChip document={source.document} target={source.address} />
        </div>
        <p className="small detail">{words.figures.times(when(at, time), when(checkedAt, time), difference)}</p>
      </div>
    </div>
  );
}

function Value({ label, value }: { label: string; value: CellValue | null }): ReactElement {
  return (
    <div>
      <div className="small detail">{label}</div>
      <div className="title num ltr">{textOf(value)}</div>
    </div>
  );
}

function Rows({ figures }: { figures: readonly FigureCheck[] }): ReactElement | null {
  if (figures.length === 0) {
    return null;
  }
  return (
    <ul className="card plain-list">
      {figures.map((figure) => (
        <li key={keyOf(figure)} className="figure">
          <StateIcon state={figure.state} />
          <div className="grow">
            <div className="cut ltr">{figure.figure}</div>
            <div className="small">
              <CitationChip document={figure.source.document} target={figure.source.address} />
            </div>
            {figure.state === "unreachable" && <p className="small detail">{unreached(figure)}</p>}
          </div>
          {figure.state === "match" && <span className="num strong ltr">{textOf(figure.now)}</span>}
        </li>
      ))}
    </ul>
  );
}

function unreached({ then, at }: FigureCheck): string {
  return then === null
    ? words.figures.unrecorded
    : words.figures.unreachable(textOf(then), when(at, Date.now()));
}

function textOf(value: CellValue | null): string {
  switch (typeof value) {
    case "number":
      return exact(value);
    case "boolean":
      return value ? "TRUE" : "FALSE";
    case "string":
      return value;
    default:
      return words.figures.empty;
  }
}
