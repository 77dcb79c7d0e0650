// The connection to the host engine, which holds the document. Knows no Office and draws nothing.

export interface EngineError {
  code: string;
  message: string;
}

/** A command that the engine refused, with the code that Office would give. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export interface EngineListener {
  /** The document, its selection or its state changed. */
  changed(): void;
  /** Events for the pane, as rows of a rich message. */
  events(rows: unknown[]): void;
  /** The pane is to be loaded anew. */
  reload(): void;
}

type Push = { push: "changed" } | { push: "events"; events: unknown[] } | { push: "reload" };
type Reply = Push | { id: number; answer: unknown } | { id: number; error: EngineError } | { error: string };

interface Waiting {
  resolve: (answer: unknown) => void;
  reject: (error: Error) => void;
}

export class Engine {
  private readonly waiting = new Map<number, Waiting>();
  private next = 1;

  private constructor(
    private readonly socket: WebSocket,
    private readonly listener: EngineListener,
  ) {
    socket.addEventListener("message", (event: MessageEvent<string>) => this.received(JSON.parse(event.data) as Reply));
    socket.addEventListener("close", () => {
      for (const { reject } of this.waiting.values()) {
        reject(new Error("The test host stopped."));
      }
      this.waiting.clear();
      document.body.classList.add("stopped");
    });
  }

  static connect(listener: EngineListener): Promise<Engine> {
    const socket = new WebSocket(`wss://${location.host}/socket`);
    const engine = new Engine(socket, listener);
    return new Promise((resolve, reject) => {
      socket.addEventListener("open", () => resolve(engine));
      socket.addEventListener("error", () => reject(new Error("The test host cannot be reached.")));
    });
  }

  /** Asks for a command. A batch whose answer is withheld by a fault switch never settles. */
  ask<T>(op: string, fields: object = {}): Promise<T> {
    const id = this.next++;
    return new Promise<unknown>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.socket.send(JSON.stringify({ id, op, ...fields }));
    }) as Promise<T>;
  }

  private received(reply: Reply): void {
    if ("push" in reply) {
      switch (reply.push) {
        case "changed":
          { this.listener.changed(); return; }
        case "events":
          { this.listener.events(reply.events); return; }
        case "reload":
          { this.listener.reload(); return; }
      }
    }
    if (!("id" in reply)) {
      throw new Error(reply.error);
    }
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if ("error" in reply) {
      waiting?.reject(new Refused(reply.error.code, reply.error.message));
    } else {
      waiting?.resolve(reply.answer);
    }
  }
}
