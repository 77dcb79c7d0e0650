// The page that the desktop window loads.
import { start } from "@deskhand/shared/app.tsx";

/** What the native window offers to its page. */
interface NativeWindow {
  ipc?: { postMessage(message: string): void };
}

const native = (window as Window & NativeWindow).ipc;

start({
  kind: "window",
  shell: {
    startService:
      native === undefined
        ? undefined
        : () => {
            native.postMessage(JSON.stringify({ type: "startService" }));
          },
  },
});
