// The connection, where it is not there: nothing within a second, a quiet line, after ten seconds a card.
import type { ReactElement } from "react";
import { userError } from "../client/rpc.ts";
import { words } from "../words/en.ts";
import { useApp, useNow, useSession } from "./context.tsx";
import { TextButton } from "./controls.tsx";
import { Warning16Filled } from "./icons.tsx";
import { EarlierSessions } from "./earlier-sessions.tsx";
import { ModelSignIn } from "./model-sign-in.tsx";
import { ErrorCard } from "./notices.tsx";
import { cardSays, SettingsCard } from "./settings-card.tsx";

const QUIET_MS = 1_000;
const CARD_MS = 10_000;

/** Stands above the prompt box; the content stays readable. */
export function ConnectionNote(): ReactElement | null {
  const { store, shell } = useApp();
  const { connection } = useSession();
  const now = useNow(connection.kind === "reconnecting", 500);
  const again = (
    <TextButton
      small
      look="main"
      onClick={() => {
        store.reconnect();
      }}
    >
      {words.connection.tryAgain}
    </TextButton>
  );
  if (connection.kind === "refused") {
    // Who decided is said at once.
    return <ErrorCard error={connection.error} action={again} open={connection.error.code.startsWith("POL_")} />;
  }
  if (connection.kind === "noToken") {
    const { noToken: happened, noTokenKept: kept, noTokenAction: action } = words.connection;
    return <ErrorCard error={{ code: "PAIR_REQUIRED", happened, kept, action }} />;
  }
  if (connection.kind !== "reconnecting" || now - connection.since < QUIET_MS) {
    return null;
  }
  if (now - connection.since < CARD_MS) {
    return (
      <p className="small secondary row offline" role="status">
        <span className="ring" />
        {words.connection.reconnecting}
      </p>
    );
  }
  const start = shell.startService;
  return (
    <ErrorCard
      error={userError("NET_SERVICE")}
      action={
        start === undefined ? (
          again
        ) : (
          <TextButton small look="main" onClick={start}>
            {words.connection.startService}
          </TextButton>
        )
      }
    />
  );
}

/** What the service has to say as long as it stands, why no turn starts, and why a pane has no document. */
export function ServiceNotices(): ReactElement {
  const { view, detached } = useSession();
  // Where the settings are waited for, their card says it, with what to do.
  const said = view?.stopped?.code === "BOOT_AWAITED" && cardSays(view.bootstrap);
  const stopped = said ? undefined : view?.stopped;
  return (
    <>
      <SettingsCard />
      <ModelSignIn />
      <EarlierSessions />
      {stopped !== undefined && <ErrorCard error={stopped} open />}
      {detached !== undefined && <ErrorCard error={detached} />}
      {(view?.notices ?? []).map((notice) => (
        <p key={notice} className="note note-warning">
          <Warning16Filled />
          <span>{notice}</span>
        </p>
      ))}
    </>
  );
}

/** An action that failed, until the person dismisses it or does the next thing. */
export function ActionError(): ReactElement | null {
  const { store } = useApp();
  const { error } = useSession();
  if (error === undefined) {
    return null;
  }
  return (
    <ErrorCard
      error={error}
      action={
        <TextButton
          small
          onClick={() => {
            store.dismissError();
          }}
        >
          {words.close}
        </TextButton>
      }
    />
  );
}
