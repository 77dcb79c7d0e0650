// The tour says what it is, always, and leads through six stops.
import { type ReactElement, useState } from "react";
import { words } from "../words/en.ts";
import { useSession } from "./context.tsx";
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

export function TourStop({ onPrompt }: { onPrompt: (text: string) => void }): ReactElement | null {
  const { view } = useSession();
  const [index, setIndex] = useState(0);
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
              setIndex(index + 1);
            }}
          >
            {words.tour.next}
          </TextButton>
        )}
        {index > 0 && (
          <TextButton
            look="quiet"
            onClick={() => {
              setIndex(index - 1);
            }}
          >
            {words.tour.back}
          </TextButton>
        )}
      </div>
    </section>
  );
}
