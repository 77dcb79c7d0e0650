// A service of a few lines for tests: answers methods, sends events, and asks the page to do things, as scripted.
import type { HelloAnswer, Methods, Notifications, RpcFrame, SessionEvent } from "../shared/src/generated/protocol.ts";

type Handler = (params: never) => unknown;

export class FakeService {
  /** The requests that came, in order. */
  readonly requests: { method: string; params: unknown }[] = [];
  private readonly handlers = new Map<string, Handler>();
  private send: ((text: string) => void) | undefined;
  private lastId = 0;
  private readonly waiting = new Map<number, (frame: RpcFrame) => void>();

  /** What answers a method; a promise is answered when it is kept. */
  answer<M extends keyof Methods>(
    method: M,
    handler: (params: Methods[M]["params"]) => Methods[M]["answer"] | Promise<Methods[M]["answer"]>,
  ): this {
    this.handlers.set(method, handler);
    return this;
  }

  /** Refuses a method with a code of the registry. */
  refuse(method: keyof Methods, error: object): this {
    this.handlers.set(method, () => {
      throw Object.assign(new Error("refused"), { user: error });
    });
    return this;
  }

  connect(send: (text: string) => void): void {
    this.send = send;
  }

  disconnect(): void {
    this.send = undefined;
  }

  notify<N extends keyof Notifications>(method: N, params: Notifications[N]["params"]): void {
    this.frame({ jsonrpc: "2.0", method, params });
  }

  events(session: string, events: readonly SessionEvent[]): void {
    this.notify("session/update", { session, events: [...events] });
  }

  /** Asks the page to do something and gives its answer. */
  call(method: string, params: unknown): Promise<RpcFrame> {
    const id = ++this.lastId;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.frame({ jsonrpc: "2.0", id, method, params });
    });
  }

  raw(text: string): void {
    this.send?.(text);
  }

  receive(text: string): void {
    const frame = JSON.parse(text) as RpcFrame;
    if (frame.method === undefined) {
      this.waiting.get(frame.id ?? 0)?.(frame);
      return;
    }
    this.requests.push({ method: frame.method, params: frame.params });
    const handler = this.handlers.get(frame.method);
    if (handler === undefined || frame.id === undefined) {
      return;
    }
    try {
      const result = handler(frame.params as never) ?? {};
      if (result instanceof Promise) {
        void result.then((kept: unknown) => {
          this.frame({ jsonrpc: "2.0", id: frame.id ?? 0, result: kept });
        });
        return;
      }
      this.frame({ jsonrpc: "2.0", id: frame.id, result });
    } catch (error) {
      const data = (error as { user: never }).user;
      this.frame({ jsonrpc: "2.0", id: frame.id, error: { code: -32000, message: "refused", data } });
    }
  }

  private frame(frame: RpcFrame): void {
    this.send?.(JSON.stringify(frame));
  }
}

export function helloAnswer(parts: Partial<HelloAnswer> = {}): HelloAnswer {
  return {
    version: "0.1.0",
    view: {
      tour: false,
      managed: false,
      configured: true,
      models: [],
      modelLocked: false,
      actLocked: false,
      sandbox: "notNeeded",
      secretStore: "keyFile",
      notices: [],
      earlierSessions: false,
      organisation: {},
      lastDay: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
    },
    sessions: [],
    documents: [],
    ...parts,
  };
}
