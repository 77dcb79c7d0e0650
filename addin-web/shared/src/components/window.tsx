// The desktop window: sessions, conversation, and the side with plan, changes and files.
import { lazy, type ReactElement, Suspense, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { openApprovals } from "../session/model.ts";
import { sessionDocuments } from "../session/state.ts";
import { words } from "../words/en.ts";
import { Announcer } from "./announcer.tsx";
import { BackgroundCommands } from "./background.tsx";
import { ChangesList, UndoAll } from "./changes.tsx";
import { ConnectionNote, ServiceNotices } from "./connection.tsx";
import { useApp, useSession } from "./context.tsx";
import { Conversation } from "./conversation.tsx";
import { IconButton } from "./controls.tsx";
import { DropTarget } from "./drop-target.tsx";
import { FilesList } from "./files.tsx";
import { Compose16Regular, Glyph, Mark, Settings16Regular } from "./icons.tsx";
import { useKeyboard } from "./keyboard.ts";
import { MoreMenu } from "./more-menu.tsx";
import { doneOf, PlanSteps } from "./plan.tsx";
import { PromptBox, type PromptBoxHandle } from "./prompt-box.tsx";
import { SessionBrowser, SessionSwitcher } from "./sessions.tsx";
import { ManagedMark, OrganisationBanner, SandboxBadge } from "./status.tsx";
import { Tabs } from "./tabs.tsx";
import { TourBanner, TourStop } from "./tour.tsx";
import { UsageMeter } from "./usage.tsx";

type Tab = "chat" | "changes";

const LOST_AFTER_MS = 10_000;

/** Its own part of the page: no pane loads it, and the window only where it is opened. */
const Configuration = lazy(async () => ({ default: (await import("./configuration/page.tsx")).Configuration }));

export function DeskhandWindow(): ReactElement {
  const { store } = useApp();
  const { model } = useSession();
  const [tab, setTab] = useState<Tab>("chat");
  const [switching, setSwitching] = useState(false);
  const [keys, setKeys] = useState(false);
  const { open: configuring } = useSyncExternalStore(store.configuration.subscribe, store.configuration.current);
  const box = useRef<PromptBoxHandle>(null);
  useShell();
  const startNew = (): void => {
    store.startNew();
    box.current?.write("");
  };
  useKeyboard(store, {
    search: () => {
      const place = configuring ? "[data-setting-search]" : ".sessions [data-session-search]";
      const search = document.querySelector<HTMLElement>(place);
      // A column that is not shown has no offset parent.
      if (search?.offsetParent) {
        search.focus();
      } else if (!configuring) {
        setSwitching(true);
      }
    },
    newSession: configuring ? undefined : startNew,
    keys: () => {
      setKeys(true);
    },
  });
  return (
    <div className="window">
      <OrganisationBanner />
      <TourBanner detail />
      {configuring ? (
        <Suspense>
          <Configuration />
        </Suspense>
      ) : (
      <div className="window-body" data-tab={tab}>
        <nav className="window-tabs" aria-label={words.areas.views}>
          <Tabs
            label={words.areas.views}
            panel="conversation"
            selected={tab}
            onSelect={setTab}
            items={[
              { id: "chat", label: words.areas.chat },
              { id: "changes", label: words.areas.changes, count: model.changes.length },
            ]}
          />
        </nav>
        <Sessions onNew={startNew} />
        <main className="conversation">
          <ConversationHead switching={switching} onSwitching={setSwitching} keys={keys} onKeys={setKeys} />
          <TourStop onPrompt={(text) => box.current?.write(text)} />
          <Conversation narrow={false} onPrompt={(text) => box.current?.write(text)} />
          <div className="above-prompt">
            <ServiceNotices />
            <ConnectionNote />
            <BackgroundCommands />
          </div>
          <PromptBox ref={box} />
        </main>
        <Side />
      </div>
      )}
      {!configuring && <DropTarget />}
      <Announcer />
    </div>
  );
}

/** Keeps the native window told of what it needs to know. */
function useShell(): void {
  const { shell } = useApp();
  const { model, connection } = useSession();
  const running = model.turn !== undefined;
  const lost = connection.kind === "reconnecting" || connection.kind === "noToken";
  const patience = connection.kind === "noToken" ? 0 : LOST_AFTER_MS;
  useEffect(() => {
    shell.turnRunning?.(running);
  }, [shell, running]);
  useEffect(() => {
    if (!lost) {
      return undefined;
    }
    const timer = setTimeout(() => shell.connectionLost?.(), patience);
    return () => {
      clearTimeout(timer);
    };
  }, [shell, lost, patience]);
}

function Sessions({ onNew }: { onNew: () => void }): ReactElement {
  return (
    <nav className="sessions" aria-label={words.sessions.label} data-area>
      <div className="sessions-head">
        <Mark />
        <span className="title grow">{words.product}</span>
        <IconButton small label={words.sessions.new} icon={<Compose16Regular />} onClick={onNew} />
      </div>
      <SessionBrowser />
      <div className="sessions-foot">
        <SandboxBadge long />
        <ManagedMark long />
      </div>
    </nav>
  );
}

interface HeadProps {
  switching: boolean;
  onSwitching: (open: boolean) => void;
  keys: boolean;
  onKeys: (open: boolean) => void;
}

function ConversationHead({ switching, onSwitching, keys, onKeys }: HeadProps): ReactElement {
  const state = useSession();
  const { store } = useApp();
  const { model } = state;
  const live = sessionDocuments(state).filter((document) => document.state === "live");
  return (
    <header className="conversation-head" aria-label={words.areas.header} data-area>
      <SessionSwitcher open={switching} onOpen={onSwitching} titled={false} />
      <h1 className="title grow cut">{model.title === "" ? words.sessions.untitled : model.title}</h1>
      {live.map((document) => (
        <span
          key={document.id}
          className="chip"
          title={words.documentHere(document.title, words.documentLive(document.kind))}
        >
          <Glyph kind={document.kind} />
          <span className="cut">{words.documentLive(document.kind)}</span>
        </span>
      ))}
      <IconButton
        label={words.configuration.open}
        icon={<Settings16Regular />}
        onClick={() => {
          store.configuration.show(true);
        }}
      />
      <MoreMenu keys={keys} onKeys={onKeys} />
    </header>
  );
}

function Side(): ReactElement {
  const { model } = useSession();
  const steps = model.plan?.steps ?? [];
  return (
    <aside className="side" aria-label={words.areas.side} tabIndex={0} data-area>
      {steps.length > 0 && (
        <section className="side-section" aria-label={words.plan.title}>
          <div className="row">
            <h2 className="grow">{words.plan.title}</h2>
            <span className="small detail num">{words.plan.progress(doneOf(steps), steps.length)}</span>
          </div>
          <PlanSteps steps={steps} waiting={openApprovals(model).length > 0} />
        </section>
      )}
      <section className="side-section" aria-label={words.changeList.title}>
        <div className="row">
          <h2 className="grow">{words.changeList.title}</h2>
          <UndoAll />
        </div>
        <ChangesList />
      </section>
      <section className="side-section" aria-label={words.files.title}>
        <div className="row">
          <h2 className="grow">{words.files.title}</h2>
        </div>
        <FilesList />
      </section>
      <div className="row small secondary side-usage">
        <UsageMeter />
      </div>
    </aside>
  );
}
