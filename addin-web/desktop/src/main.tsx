// The page that the desktop window loads.
import { start } from "@deskhand/shared/app.tsx";

/** What the native window offers to its page: messages of `companion/window`. */
interface NativeWindow {
  ipc?: { postMessage(message: string): void };
}

const native = (window as Window & NativeWindow).ipc;
const tell = (message: Record<string, boolean>): void => native?.postMessage(JSON.stringify(message));

start({
  kind: "window",
  shell:
    native === undefined
      ? {}
      : {
          startService: () => {
            tell({ startService: true });
          },
          turnRunning: (running) => {
            tell({ turnRunning: running });
          },
          connectionLost: () => {
            tell({ connectionLost: true });
          },
        },
});
