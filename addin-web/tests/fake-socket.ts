// A socket pair in memory and a clock that a test moves by hand.
import type { Clock, Connect, Socket } from "../shared/src/client/socket.ts";
import type { FakeService } from "./fake-service.ts";

export class FakeNetwork {
  /** How many times the page connected. */
  connections = 0;
  /** False while nothing listens. */
  reachable = true;
  private socket: Socket | undefined;

  constructor(private readonly service: FakeService) {}

  readonly connect: Connect = () => {
    this.connections += 1;
    const socket: Socket = {
      onopen: null,
      onmessage: null,
      onclose: null,
      send: (text) => {
        if (this.socket === socket) {
          queueMicrotask(() => {
            this.service.receive(text);
          });
        }
      },
      close: () => {
        this.cut();
      },
    };
    this.socket = socket;
    queueMicrotask(() => {
      if (this.reachable) {
        this.service.connect((text) => socket.onmessage?.({ data: text }));
        socket.onopen?.();
      } else {
        this.cut();
      }
    });
    return socket;
  };

  /** Cuts the connection under both. */
  cut(): void {
    const socket = this.socket;
    this.socket = undefined;
    this.service.disconnect();
    socket?.onclose?.();
  }
}

export class FakeClock implements Clock {
  private time = 0;
  private timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.time + ms, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((each) => each !== timer);
    };
  }

  /** The pause until the next timer, in milliseconds. */
  next(): number | undefined {
    return this.timers.length === 0 ? undefined : Math.min(...this.timers.map((timer) => timer.at)) - this.time;
  }

  advance(ms: number): void {
    this.time += ms;
    const due = this.timers.filter((timer) => timer.at <= this.time);
    this.timers = this.timers.filter((timer) => timer.at > this.time);
    due.forEach((timer) => {
      timer.run();
    });
  }
}

/** Lets everything that waits in the queue of microtasks happen. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    await Promise.resolve();
  }
}
