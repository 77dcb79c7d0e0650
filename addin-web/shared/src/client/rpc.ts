// JSON-RPC 2.0 over one socket: ids, answers, notifications and requests from the service. Knows no method.
import { errorSentences, type ErrorCode, type RpcError, type RpcFrame, type UserError } from "../generated/protocol.ts";
import type { Socket } from "./socket.ts";

/** What a person is told when a request failed. */
export class RequestFailed extends Error {
  readonly user: UserError;

  constructor(user: UserError) {
    super(user.happened);
    this.name = "RequestFailed";
    this.user = user;
  }
}

export function userError(code: ErrorCode, detail?: string): UserError {
  const [happened, kept, action] = errorSentences[code];
  return detail === undefined ? { code, happened, kept, action } : { code, happened, kept, action, detail };
}

export function asUserError(error: unknown): UserError {
  if (error instanceof RequestFailed) {
    return error.user;
  }
  return userError("INTERNAL", error instanceof Error ? error.message : undefined);
}

export interface RpcEvents {
  notification(method: string, params: unknown): void;
  /** Answers a request from the service; `undefined` for a method that this page does not have. */
  call(method: string, params: unknown): Promise<unknown> | undefined;
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: RequestFailed): void;
}

const METHOD_NOT_FOUND = -32601;
const INTERNAL_ERROR = -32603;

export class Rpc {
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  constructor(
    private readonly socket: Socket,
    private readonly events: RpcEvents,
  ) {
    socket.onmessage = (message) => {
      this.receive(message.data);
    };
  }

  request(method: string, params: unknown): Promise<unknown> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.send({ jsonrpc: "2.0", id, method, params });
    });
  }

  /** Ends every request that waits; the socket is gone. */
  abandon(): void {
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const each of waiting) {
      each.reject(new RequestFailed(userError("NET_SERVICE")));
    }
  }

  private send(frame: RpcFrame): void {
    this.socket.send(JSON.stringify(frame));
  }

  private receive(data: unknown): void {
    const frame = parse(data);
    if (frame === undefined) {
      console.warn("a frame that is not JSON-RPC was ignored");
    } else if (frame.method === undefined) {
      this.settle(frame);
    } else if (frame.id === undefined) {
      this.events.notification(frame.method, frame.params);
    } else {
      void this.answer(frame.id, frame.method, frame.params);
    }
  }

  private settle(frame: RpcFrame): void {
    const waiting = frame.id === undefined ? undefined : this.waiting.get(frame.id);
    if (frame.id === undefined || waiting === undefined) {
      return;
    }
    this.waiting.delete(frame.id);
    if (frame.error === undefined) {
      waiting.resolve(frame.result);
    } else {
      waiting.reject(new RequestFailed(failure(frame.error)));
    }
  }

  private async answer(id: number, method: string, params: unknown): Promise<void> {
    const outcome = this.events.call(method, params);
    if (outcome === undefined) {
      this.send({ jsonrpc: "2.0", id, error: { code: METHOD_NOT_FOUND, message: "method not found" } });
      return;
    }
    try {
      this.send({ jsonrpc: "2.0", id, result: (await outcome) ?? {} });
    } catch (error) {
      this.send({ jsonrpc: "2.0", id, error: rpcError(error) });
    }
  }
}

function rpcError(error: unknown): RpcError {
  if (error instanceof RequestFailed) {
    return { code: -32000, message: error.user.code, data: error.user };
  }
  return { code: INTERNAL_ERROR, message: error instanceof Error ? error.message : "failed" };
}

function failure(error: RpcError): UserError {
  return error.data ?? userError("RPC_BAD_REQUEST", error.message);
}

function parse(data: unknown): RpcFrame | undefined {
  if (typeof data !== "string") {
    return undefined;
  }
  try {
    const frame: unknown = JSON.parse(data);
    return typeof frame === "object" && frame !== null && "jsonrpc" in frame ? (frame as RpcFrame) : undefined;
  } catch {
    return undefined;
  }
}
