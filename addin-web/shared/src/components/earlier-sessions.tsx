// Sessions from before the organisation named this deployment: the person brings them here or leaves them. In the window alone,
// since it is about all sessions.
import type { ReactElement } from "react";
import { words } from "../words/en.ts";
import { useApp, useSession } from "./context.tsx";
import { TextButton } from "./controls.tsx";
import { Card } from "./settings-card.tsx";

const texts = words.configuration.earlier;

export function EarlierSessions(): ReactElement | null {
  const { store, kind } = useApp();
  const { view } = useSession();
  if (kind !== "window" || view?.earlierSessions !== true) {
    return null;
  }
  return (
    <Card title={texts.title}>
      <p className="small secondary">{texts.text}</p>
      <div className="row choices">
        <TextButton
          small
          look="main"
          onClick={() => {
            store.chooseEarlierSessions("takeOver");
          }}
        >
          {texts.takeOver}
        </TextButton>
        <TextButton
          small
          look="quiet"
          className="end"
          onClick={() => {
            store.chooseEarlierSessions("leave");
          }}
        >
          {texts.leave}
        </TextButton>
      </div>
    </Card>
  );
}
