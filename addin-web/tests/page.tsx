// Renders a front end in jsdom over the scripted service.
import { FluentProvider } from "@fluentui/react-components";
import { act, render } from "@testing-library/react";
import type { PageMemory } from "../shared/src/client/page-memory.ts";
import { SessionClient } from "../shared/src/client/session-client.ts";
import { AppContext, type Shell } from "../shared/src/components/context.tsx";
import { Pane } from "../shared/src/components/pane.tsx";
import { DeskhandWindow } from "../shared/src/components/window.tsx";
import type { FrontEndKind, HelloAnswer, SessionEvent } from "../shared/src/generated/protocol.ts";
import { SessionStore } from "../shared/src/session/store.ts";
import { lightTheme } from "../shared/src/theme/theme.ts";
import { FakeService, helloAnswer } from "./fake-service.ts";
import { FakeClock, FakeNetwork, settled } from "./fake-socket.ts";
import { SESSION, sessions } from "./story.ts";

// What jsdom does not have and the page only measures with.
const nothing = (): void => undefined;
globalThis.ResizeObserver = class {
  observe = nothing;
  unobserve = nothing;
  disconnect = nothing;
};
Element.prototype.scrollIntoView = () => undefined;

export interface Opened {
  service: FakeService;
  network: FakeNetwork;
  clock: FakeClock;
  store: SessionStore;
  /** The parameters of the requests of one method. */
  calls: (method: string) => unknown[];
  /** Runs what a test does and everything that follows from it. */
  run: (what: () => unknown) => Promise<void>;
}

interface Options {
  kind: FrontEndKind;
  events?: readonly SessionEvent[];
  hello?: Partial<HelloAnswer>;
  shell?: Shell;
  token?: string;
  memory?: PageMemory;
}

export function memoryOf(kept: Record<string, string | undefined> = {}): PageMemory {
  return {
    read: (key) => kept[key],
    write: (key, text) => {
      kept[key] = text;
    },
  };
}

export async function open({
  kind,
  events = [],
  hello,
  shell = {},
  token = "secret",
  memory = memoryOf(),
}: Options): Promise<Opened> {
  const service = new FakeService()
    .answer("hello", () => helloAnswer({ sessions, ...hello }))
    .answer("pairing/list", () => ({ pairings: [] }))
    .answer("session/subscribe", ({ session }) => {
      queueMicrotask(() => {
        service.events(session, session === SESSION ? events : []);
      });
      return { lastSeq: events.length };
    });
  const network = new FakeNetwork(service);
  const clock = new FakeClock();
  let ids = 0;
  const store = new SessionStore(kind, memory, () => `id-${++ids}`);
  const client = new SessionClient({
    ...{ kind, version: "0.1.0", connect: network.connect, clock, listener: store },
    token: { read: () => (token === "" ? undefined : token), write: (next) => (token = next ?? "") },
  });
  store.attach(client);
  const run = async (what: () => unknown): Promise<void> => {
    await act(async () => {
      await what();
      await settled();
    });
  };
  render(
    <FluentProvider theme={lightTheme}>
      <div className="page">
        <AppContext value={{ store, kind, shell }}>{kind === "window" ? <DeskhandWindow /> : <Pane />}</AppContext>
      </div>
    </FluentProvider>,
  );
  await run(() => {
    client.start();
  });
  const calls = (method: string): unknown[] =>
    service.requests.filter((request) => request.method === method).map((request) => request.params);
  return { service, network, clock, store, calls, run };
}
