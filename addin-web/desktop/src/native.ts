// What the native window around the page offers: messages of `companion/window`, typed on both sides.
import type { DropWatcher, Picked, Shell } from "@deskhand/shared/components/context.tsx";
import type { Chosen } from "@deskhand/shared/session/attaching.ts";

/** The page's window, as the native one prepares it. */
export interface NativeWindow extends EventTarget {
  ipc?: { postMessage(message: string): void };
}

/** The event that carries what the window says. */
const EVENT = "deskhand-window";

/** What the window says (`messages.rs`). */
type FromWindow =
  { type: "picked"; id: number; chosen: Chosen } | { type: "dragEntered" } | { type: "dragLeft" } | { type: "dropped"; chosen: Chosen };

/** What the page can have done by its window; nothing in a browser. */
export function nativeShell(page: NativeWindow): Shell {
  const { ipc } = page;
  if (ipc === undefined) {
    return {};
  }
  const tell = (message: object): void => {
    ipc.postMessage(JSON.stringify(message));
  };
  const picking = new Map<number, (chosen: Chosen) => void>();
  const watchers = new Set<DropWatcher>();
  let lastPick = 0;
  page.addEventListener(EVENT, (event) => {
    const said = (event as CustomEvent<FromWindow>).detail;
    if (said.type === "picked") {
      picking.get(said.id)?.(said.chosen);
      picking.delete(said.id);
      return;
    }
    watchers.forEach((watcher) => {
      if (said.type === "dropped") {
        watcher.dropped(said.chosen);
      } else if (said.type === "dragEntered") {
        watcher.entered();
      } else {
        watcher.left();
      }
    });
  });
  return {
    startService: () => {
      tell({ startService: true });
    },
    turnRunning: (running) => {
      tell({ turnRunning: running });
    },
    connectionLost: () => {
      tell({ connectionLost: true });
    },
    pick: (what: Picked) =>
      new Promise((chosen) => {
        const id = ++lastPick;
        picking.set(id, chosen);
        tell({ pick: { id, what } });
      }),
    watchDrops: (watcher) => {
      watchers.add(watcher);
      return () => {
        watchers.delete(watcher);
      };
    },
  };
}
