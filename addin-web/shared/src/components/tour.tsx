// The tour says what it is, always, and leads through six stops.
import { type ReactElement, useState } from "react";
import type { Entry } from "../session/model.ts";
import { words } from "../words/en.ts";
import { useApp, useSession } from "./context.tsx";
import { LinkButton, TextButton } from "./controls.tsx";
import { CompassNorthwest16Regular } from "./icons.tsx";

export function TourBanner({ detail }: { detail: boolean }): ReactElement | null {
  const { view } = useSession();
  if (view?.tour !== true) {
    return null;
  }
  return (
    <div className="tour-banner" role="status">
      <CompassNorthwest16Regular />
      <span className="strong">{words.tour.banner}</span>
      {detail && <span className="cut">{words.tour.bannerDetail}</span>}
    </div>
  );
}

/** Where a pane in PowerPoint begins: the last prompt asks for a slide. */
const DECK_STOP = words.tour.stops.findLastIndex(({ prompt }) => prompt !== undefined);

/** The stop whose prompt was given last, in whatever front end. */
function reached(entries: readonly Entry[]): number {
  const given = entries.flatMap((entry) => (entry.kind === "prompt" ? [entry.text] : []));
  return Math.max(
    0,
    words.tour.stops.findLastIndex(({ prompt }) => prompt !== undefined && given.includes(prompt)),
  );
}

export function TourStop({ onPrompt }: { onPrompt: (text: string) => void }): ReactElement | null {
  const { kind } = useApp();
  const { view, model } = useSession();
  const [chosen, setChosen] = useState<number | undefined>();
  const index = chosen ?? (kind === "powerpoint" ? DECK_STOP : reached(model.entries));
  const stop = words.tour.stops[index];
  if (view?.tour !== true || stop === undefined) {
    return null;
  }
  const { prompt } = stop;
  const last = index === words.tour.stops.length - 1;
  return (
    <section className="card tour-stop" data-area aria-label={stop.title}>
      <div className="row">
        <h2 className="grow">{stop.title}</h2>
        <span className="small secondary num">{words.tour.stop(index + 1, words.tour.stops.length)}</span>
      </div>
      <p className="small secondary">{stop.text}</p>
      {prompt !== undefined && (
        <LinkButton
          onClick={() => {
            onPrompt(prompt);
          }}
        >
          {words.prompt.tour(prompt)}
        </LinkButton>
      )}
      <div className="row">
        {!last && (
          <TextButton
            look="main"
            onClick={() => {
              setChosen(index + 1);
            }}
          >
            {words.tour.next}
          </TextButton>
        )}
        {index > 0 && (
          <TextButton
            look="quiet"
            onClick={() => {
              setChosen(index - 1);
            }}
          >
            {words.tour.back}
          </TextButton>
        )}
      </div>
    </section>
  );
}
