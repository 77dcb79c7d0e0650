// What the client needs of a WebSocket; tests put a scripted one in its place.

export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send(text: string): void;
  close(): void;
}

export type Connect = () => Socket;

/** Connects to the service that served this page. */
export function connectTo(host: string): Connect {
  return () => new WebSocket(`wss://${host}/v1/session`) as unknown as Socket;
}

/** The clock and the timers, as arguments so that a test can hold them. */
export interface Clock {
  now(): number;
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};
