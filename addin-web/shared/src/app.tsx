// Puts the parts together: client, store, theme, and the layout of this front end.
import { FluentProvider, RendererProvider } from "@fluentui/react-components";
import { type ReactElement, StrictMode, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { SessionClient, type ServiceCallHandlers } from "./client/session-client.ts";
import { pageMemory } from "./client/page-memory.ts";
import { connectTo, systemClock } from "./client/socket.ts";
import { takePlaceFromAddress, takeTokenFromAddress, tokenStore } from "./client/token.ts";
import { AppContext, type Shell } from "./components/context.tsx";
import { Pane } from "./components/pane.tsx";
import { DeskhandWindow } from "./components/window.tsx";
import type { FrontEndKind, LiveDocument } from "./generated/protocol.ts";
import { SessionStore } from "./session/store.ts";
import { createRenderer } from "./theme/csp.ts";
import { darkTheme, lightTheme } from "./theme/theme.ts";
import "./theme/base.css";
import "./theme/layout.css";
import "./theme/conversation.css";
import "./theme/lists.css";
import "./theme/prompt.css";
import "./theme/sandbox.css";
import "./theme/screens.css";
import "./theme/configuration.css";

export interface FrontEnd {
  kind: FrontEndKind;
  shell?: Shell;
  calls?: ServiceCallHandlers;
  document?: () => Promise<LiveDocument | undefined>;
}

export interface Started {
  store: SessionStore;
  client: SessionClient;
}

/** The version that `hello` names: that of the package. */
const VERSION = "0.1.0";

export function start({ kind, shell = {}, calls, document: describe }: FrontEnd): Started {
  const token = tokenStore(kind, window);
  const configure = takePlaceFromAddress(window.location) === "configuration";
  const given = takeTokenFromAddress(window.location);
  if (given !== undefined) {
    token.write(given);
  }
  const store = new SessionStore(kind, pageMemory(window));
  const client = new SessionClient({
    kind,
    version: VERSION,
    connect: connectTo(window.location.host),
    token,
    clock: systemClock,
    listener: store,
    ...(calls === undefined ? {} : { calls }),
    ...(describe === undefined ? {} : { document: describe }),
  });
  store.attach(client);
  if (kind === "window") {
    store.configuration.show(configure);
    window.addEventListener("hashchange", () => {
      if (takePlaceFromAddress(window.location) === "configuration") {
        store.configuration.show(true);
      }
    });
  }
  const root = document.getElementById("root");
  if (root !== null) {
    const app = { store, kind, shell };
    createRoot(root).render(
      <StrictMode>
        <RendererProvider renderer={createRenderer(document)} targetDocument={document}>
          <Themed>
            <AppContext value={app}>{kind === "window" ? <DeskhandWindow /> : <Pane />}</AppContext>
          </Themed>
        </RendererProvider>
      </StrictMode>,
    );
  }
  client.start();
  return { store, client };
}

function Themed({ children }: { children: ReactElement }): ReactElement {
  const dark = useSyncExternalStore(watchScheme, () => scheme.matches);
  return (
    <FluentProvider theme={dark ? darkTheme : lightTheme} dir={document.dir === "rtl" ? "rtl" : "ltr"}>
      <div className="page">{children}</div>
    </FluentProvider>
  );
}

const scheme = window.matchMedia("(prefers-color-scheme: dark)");

function watchScheme(changed: () => void): () => void {
  scheme.addEventListener("change", changed);
  return () => {
    scheme.removeEventListener("change", changed);
  };
}
