// The pane in Excel and PowerPoint: one column.
import { type ReactElement, useRef, useState } from "react";
import { words } from "../words/en.ts";
import { Announcer } from "./announcer.tsx";
import { BackgroundCommands } from "./background.tsx";
import { ChangesList, UndoAll } from "./changes.tsx";
import { ConnectionNote, ServiceNotices } from "./connection.tsx";
import { useApp, useSession } from "./context.tsx";
import { Conversation } from "./conversation.tsx";
import { FiguresList } from "./figures.tsx";
import { IconButton } from "./controls.tsx";
import { DropTarget } from "./drop-target.tsx";
import { Compose16Regular } from "./icons.tsx";
import { useKeyboard } from "./keyboard.ts";
import { MoreMenu } from "./more-menu.tsx";
import { PairingScreen } from "./pairing.tsx";
import { PromptBox, type PromptBoxHandle } from "./prompt-box.tsx";
import { SessionSwitcher } from "./sessions.tsx";
import { Foot, OrganisationBanner } from "./status.tsx";
import { Tabs } from "./tabs.tsx";
import { TourBanner, TourStop } from "./tour.tsx";

type Tab = "chat" | "changes" | "figures";

export function Pane(): ReactElement {
  const { store } = useApp();
  const { model, connection, figures } = useSession();
  const [tab, setTab] = useState<Tab>("chat");
  const [switching, setSwitching] = useState(false);
  const [keys, setKeys] = useState(false);
  const box = useRef<PromptBoxHandle>(null);
  useKeyboard(store, {
    search: () => {
      setSwitching(true);
    },
    newSession: undefined,
    keys: () => {
      setKeys(true);
    },
  });
  if (connection.kind === "pairing" || connection.kind === "pairingEnded") {
    return (
      <div className="pane">
        <PairingScreen />
      </div>
    );
  }
  const standing = model.changes.filter((change) => change.undoneAt === undefined).length;
  const changedFigures = figures?.figures.filter((figure) => figure.state === "changed").length ?? 0;
  return (
    <div className="pane">
      <OrganisationBanner />
      <TourBanner detail={false} />
      <header className="pane-head" aria-label={words.areas.header} data-area>
        <h1 className="visually-hidden">{model.title === "" ? words.sessions.untitled : model.title}</h1>
        <SessionSwitcher open={switching} onOpen={setSwitching} titled />
        <IconButton
          label={words.sessions.new}
          icon={<Compose16Regular />}
          onClick={() => {
            store.startNew();
            box.current?.write("");
          }}
        />
        <MoreMenu keys={keys} onKeys={setKeys} />
      </header>
      <main className="pane-main">
        <Tabs
          label={words.areas.views}
          panel="pane-panel"
          selected={tab}
          onSelect={setTab}
          items={[
            { id: "chat", label: words.areas.chat },
            { id: "changes", label: words.areas.changes, count: standing },
            { id: "figures", label: words.areas.figures, count: changedFigures },
          ]}
        />
        <TourStop onPrompt={(text) => box.current?.write(text)} />
        <div className="pane-panel" id="pane-panel" role="tabpanel" aria-label={words.areas[tab]}>
          {tab === "chat" && <Conversation narrow onPrompt={(text) => box.current?.write(text)} />}
          {tab === "changes" && (
            <section className="scroll" tabIndex={0} aria-label={words.areas.changes} data-area>
              <div className="column">
                <div className="row">
                  <h2 className="title grow">{words.changeList.title}</h2>
                  <UndoAll />
                </div>
                <ChangesList />
              </div>
            </section>
          )}
          {tab === "figures" && (
            <section className="scroll" tabIndex={0} aria-label={words.areas.figures} data-area>
              <div className="column">
                <FiguresList />
              </div>
            </section>
          )}
        </div>
        <div className="above-prompt">
          <ServiceNotices />
          <ConnectionNote />
          <BackgroundCommands />
        </div>
        <PromptBox ref={box} figures={tab === "figures"} />
      </main>
      <Foot />
      <DropTarget />
      <Announcer />
    </div>
  );
}
