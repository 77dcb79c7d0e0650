// Gives components the store, its state and the clock.
import { createContext, use, useEffect, useState, useSyncExternalStore } from "react";
import type { FrontEndKind } from "../generated/protocol.ts";
import type { Chosen } from "../session/attaching.ts";
import type { State } from "../session/state.ts";
import type { SessionStore } from "../session/store.ts";

/** What the page around the app can do, where it can: a native window, a pane. */
export interface Shell {
  /** Starts the service, where the page has a native window around it. */
  startService?: () => void;
  /** Tells the window whether a turn runs: it asks before it closes. */
  turnRunning?: (running: boolean) => void;
  /** Tells the window that the service is gone: its certificate or its token may be of yesterday. */
  connectionLost?: () => void;
  /** Lets the person choose in a dialog of the system; nothing is chosen where they close it. */
  pick?: (what: Picked) => Promise<Chosen>;
  /** Tells of files that are dropped on the window, until what it answers is called. */
  watchDrops?: (watcher: DropWatcher) => () => void;
}

/** What is chosen in one dialog. */
export type Picked = "folder" | "folders" | "documents";

export interface DropWatcher {
  entered: () => void;
  left: () => void;
  dropped: (chosen: Chosen) => void;
}

export interface App {
  store: SessionStore;
  kind: FrontEndKind;
  shell: Shell;
}

export const AppContext = createContext<App | undefined>(undefined);

export function useApp(): App {
  const app = use(AppContext);
  if (app === undefined) {
    throw new Error("components stand inside AppContext");
  }
  return app;
}

export function useStore(): SessionStore {
  return useApp().store;
}

export function useSession(): State {
  const store = useStore();
  return useSyncExternalStore(store.subscribe, store.current);
}

/** The time, anew each `everyMs` while `running`. */
export function useNow(running: boolean, everyMs = 1000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!running) {
      return undefined;
    }
    const timer = setInterval(() => {
      setNow(Date.now());
    }, everyMs);
    return () => {
      clearInterval(timer);
    };
  }, [running, everyMs]);
  return now;
}
