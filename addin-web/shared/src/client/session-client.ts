// The connection to the service: hello, pairing, reconnecting with cursors, and requests that survive a cut.
//
// Holds no session content; what it receives goes to its listener. Knows no Office and no page.
import {
  type ErrorCode,
  type FrontEndKind,
  type HelloAnswer,
  type LiveDocument,
  type Methods,
  type Notifications,
  PROTOCOL,
  type ServiceCalls,
  type SessionId,
  type UserError,
} from "../generated/protocol.ts";
import { asUserError, RequestFailed, Rpc, userError } from "./rpc.ts";
import type { Clock, Connect, Socket } from "./socket.ts";
import type { TokenStore } from "./token.ts";

export type Connection =
  | { kind: "connecting" }
  | { kind: "online" }
  /** The number to compare with the window or terminal. */
  | { kind: "pairing"; number: string; expiresAt: number }
  /** Somebody refused, or the number expired. */
  | { kind: "pairingEnded" }
  /** The page was opened without the address that carries a token. */
  | { kind: "noToken" }
  | { kind: "reconnecting"; since: number }
  /** The service answered and said no; nothing is tried again without a person. */
  | { kind: "refused"; error: UserError };

export type ServiceCallHandlers = {
  [M in keyof ServiceCalls]?: (params: ServiceCalls[M]["params"]) => Promise<ServiceCalls[M]["answer"]>;
};

export interface ClientListener {
  connection(state: Connection): void;
  hello(answer: HelloAnswer): void;
  notification<N extends keyof Notifications>(name: N, params: Notifications[N]["params"]): void;
}

export interface ClientOptions {
  kind: FrontEndKind;
  version: string;
  connect: Connect;
  token: TokenStore;
  clock: Clock;
  listener: ClientListener;
  calls?: ServiceCallHandlers;
  /** Describes the document that a pane stands in; asked anew at each hello. */
  document?: () => Promise<LiveDocument | undefined>;
}

interface Kept {
  method: keyof Methods;
  params: unknown;
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 5_000;
const NOTIFICATIONS: ReadonlySet<string> = new Set<keyof Notifications>([
  "session/update",
  "session/changed",
  "session/removed",
  "document/listChanged",
  "service/changed",
  "provider/tested",
  "pairing/requested",
  "pairing/settled",
]);

export class SessionClient {
  private rpc: Rpc | undefined;
  private socket: Socket | undefined;
  private state: Connection = { kind: "connecting" };
  private attempts = 0;
  private cancelRetry: (() => void) | undefined;
  private pairing: string | undefined;
  private followed: { session: SessionId; cursor: () => number } | undefined;
  private kept: Kept[] = [];

  constructor(private readonly options: ClientOptions) {}

  start(): void {
    this.open();
  }

  /** Tries at once, for the button of the error card. */
  retry(): void {
    this.attempts = 0;
    if (this.socket === undefined) {
      this.open();
    } else {
      void this.greet();
    }
  }

  /** A request that fails when the connection is cut. */
  async request<M extends keyof Methods>(method: M, params: Methods[M]["params"]): Promise<Methods[M]["answer"]> {
    if (this.rpc === undefined || this.state.kind !== "online") {
      throw new RequestFailed(userError("NET_SERVICE"));
    }
    return (await this.rpc.request(method, params)) as Methods[M]["answer"];
  }

  /** A request that the service recognises when it comes again: it is sent anew after a cut until it is answered. */
  persist<M extends keyof Methods>(method: M, params: Methods[M]["params"]): Promise<Methods[M]["answer"]> {
    return new Promise<unknown>((resolve, reject) => {
      const kept: Kept = { method, params, resolve, reject };
      this.kept.push(kept);
      this.deliver(kept);
    }) as Promise<Methods[M]["answer"]>;
  }

  /** Follows one session from its cursor on, across reconnects; stops following the one before. */
  follow(session: SessionId | undefined, cursor: () => number): void {
    const before = this.followed;
    this.followed = session === undefined ? undefined : { session, cursor };
    if (this.state.kind !== "online") {
      return;
    }
    if (before !== undefined && before.session !== session) {
      this.request("session/unsubscribe", { session: before.session }).catch(ignoreCut);
    }
    this.subscribe();
  }

  private open(): void {
    this.cancelRetry?.();
    const socket = this.options.connect();
    const rpc = new Rpc(socket, {
      notification: (method, params) => {
        this.notified(method, params);
      },
      call: (method, params) => this.call(method, params),
    });
    this.socket = socket;
    this.rpc = rpc;
    socket.onopen = () => {
      void this.greet();
    };
    socket.onclose = () => {
      rpc.abandon();
      if (this.socket === socket) {
        this.closed();
      }
    };
  }

  private closed(): void {
    this.socket = undefined;
    this.rpc = undefined;
    if (this.state.kind === "refused") {
      return;
    }
    if (this.state.kind !== "reconnecting") {
      this.become({ kind: "reconnecting", since: this.options.clock.now() });
    }
    const delay = Math.min(FIRST_DELAY_MS * 2 ** this.attempts, LONGEST_DELAY_MS);
    this.attempts += 1;
    this.cancelRetry = this.options.clock.after(delay, () => {
      this.open();
    });
  }

  private async greet(): Promise<void> {
    const token = this.options.token.read();
    if (token === undefined) {
      await this.pair();
      return;
    }
    const rpc = this.rpc;
    try {
      const document = await this.options.document?.();
      const { kind: frontEnd, version } = this.options;
      const answer = (await rpc?.request("hello", {
        protocol: PROTOCOL,
        frontEnd,
        token,
        version,
        ...(document === undefined ? {} : { document }),
      })) as HelloAnswer;
      this.attempts = 0;
      this.become({ kind: "online" });
      // First, so that a session that the listener chooses is not followed twice.
      this.subscribe();
      this.options.listener.hello(answer);
      this.kept.forEach((each) => {
        this.deliver(each);
      });
    } catch (error) {
      await this.helloFailed(asUserError(error));
    }
  }

  private async helloFailed(error: UserError): Promise<void> {
    const unpaired: ErrorCode[] = ["PAIR_REQUIRED", "PAIR_REFUSED"];
    if (unpaired.includes(error.code)) {
      this.options.token.write(undefined);
      await this.pair();
    } else if (error.code !== "NET_SERVICE") {
      this.become({ kind: "refused", error });
    }
  }

  private async pair(): Promise<void> {
    if (this.options.kind === "window" || this.options.kind === "terminal") {
      this.become({ kind: "noToken" });
      return;
    }
    try {
      const params: Methods["pairing/begin"]["params"] = { frontEnd: this.options.kind };
      const answer = (await this.rpc?.request("pairing/begin", params)) as Methods["pairing/begin"]["answer"];
      this.pairing = answer.pairing;
      this.become({ kind: "pairing", number: answer.number, expiresAt: answer.expiresAt });
    } catch (error) {
      const user = asUserError(error);
      if (user.code !== "NET_SERVICE") {
        this.become({ kind: "refused", error: user });
      }
    }
  }

  private paired({ pairing, token }: Notifications["pairing/settled"]["params"]): void {
    if (pairing !== this.pairing) {
      return;
    }
    this.pairing = undefined;
    if (token === undefined) {
      this.become({ kind: "pairingEnded" });
    } else {
      this.options.token.write(token);
      void this.greet();
    }
  }

  private subscribe(): void {
    if (this.followed !== undefined) {
      const { session, cursor } = this.followed;
      this.request("session/subscribe", { session, after: cursor() }).catch(ignoreCut);
    }
  }

  private deliver(kept: Kept): void {
    const rpc = this.rpc;
    if (rpc === undefined || this.state.kind !== "online") {
      return;
    }
    const settle = (): void => {
      this.kept = this.kept.filter((each) => each !== kept);
    };
    rpc.request(kept.method, kept.params).then(
      (answer) => {
        settle();
        kept.resolve(answer);
      },
      (error: unknown) => {
        // A cut leaves it in the list; the next hello sends it again.
        if (!(error instanceof RequestFailed && error.user.code === "NET_SERVICE")) {
          settle();
          kept.reject(error);
        }
      },
    );
  }

  private notified(method: string, params: unknown): void {
    if (method === "pairing/settled") {
      this.paired(params as Notifications["pairing/settled"]["params"]);
    } else if (NOTIFICATIONS.has(method)) {
      this.options.listener.notification(method as keyof Notifications, params as never);
    } else {
      console.warn("an unknown notification was ignored", method);
    }
  }

  private call(method: string, params: unknown): Promise<unknown> | undefined {
    const calls = this.options.calls ?? {};
    return Object.hasOwn(calls, method) ? calls[method as keyof ServiceCalls]?.(params as never) : undefined;
  }

  private become(state: Connection): void {
    this.state = state;
    this.options.listener.connection(state);
  }
}

/** The connection was cut: the next hello does it again. Anything else is a fault worth seeing. */
function ignoreCut(error: unknown): void {
  const { code } = asUserError(error);
  if (code !== "NET_SERVICE") {
    console.warn("a subscription was refused", code);
  }
}
