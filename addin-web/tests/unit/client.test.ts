import { beforeEach, describe, expect, it, vi } from "vitest";
import { userError } from "../../shared/src/client/rpc.ts";
import { type Connection, SessionClient } from "../../shared/src/client/session-client.ts";
import { takeTokenFromAddress, type TokenStore, tokenStore } from "../../shared/src/client/token.ts";
import type { FrontEndKind } from "../../shared/src/generated/protocol.ts";
import { FakeService, helloAnswer } from "../fake-service.ts";
import { FakeClock, FakeNetwork, settled } from "../fake-socket.ts";

function memoryToken(token?: string): TokenStore & { token: string | undefined } {
  return {
    token,
    read() {
      return this.token;
    },
    write(next) {
      this.token = next;
    },
  };
}

let service: FakeService;
let network: FakeNetwork;
let clock: FakeClock;
let states: Connection[];
let heard: string[];

function clientOf(kind: FrontEndKind, token: TokenStore): SessionClient {
  return new SessionClient({
    kind,
    version: "0.1.0",
    connect: network.connect,
    token,
    clock,
    listener: {
      connection: (state) => states.push(state),
      hello: () => heard.push("hello"),
      notification: (name) => heard.push(name),
    },
    calls: { "document/select": () => Promise.resolve({}) },
  });
}

const calls = (method: string): unknown[] =>
  service.requests.filter((request) => request.method === method).map((request) => request.params);
const kinds = (): string[] => states.map((state) => state.kind);

beforeEach(() => {
  service = new FakeService().answer("hello", () => helloAnswer()).answer("session/subscribe", () => ({ lastSeq: 0 }));
  network = new FakeNetwork(service);
  clock = new FakeClock();
  states = [];
  heard = [];
});

describe("connecting", () => {
  it("says hello with its kind, version and token before anything else", async () => {
    clientOf("window", memoryToken("secret")).start();
    await settled();
    expect(service.requests).toEqual([
      { method: "hello", params: { protocol: 1, frontEnd: "window", token: "secret", version: "0.1.0" } },
    ]);
    expect(kinds()).toEqual(["online"]);
  });

  it("goes on trying with longer pauses, five seconds at the most, and starts over once it got through", async () => {
    network.reachable = false;
    clientOf("window", memoryToken("secret")).start();
    await settled();
    const pauses: (number | undefined)[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) {
      pauses.push(clock.next());
      clock.advance(clock.next() ?? 0);
      await settled();
    }
    expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
    expect(kinds()).toEqual(["reconnecting"]);
    network.reachable = true;
    clock.advance(5_000);
    await settled();
    network.cut();
    expect(clock.next()).toBe(250);
  });

  it("follows its session again from the cursor of that moment after a cut", async () => {
    const client = clientOf("window", memoryToken("secret"));
    let cursor = 0;
    client.follow("s-1", () => cursor);
    client.start();
    await settled();
    cursor = 41;
    network.cut();
    clock.advance(250);
    await settled();
    expect(calls("session/subscribe")).toEqual([
      { session: "s-1", after: 0 },
      { session: "s-1", after: 41 },
    ]);
  });

  it("stays refused where the service says no, until a person tries again", async () => {
    service.refuse("hello", userError("RPC_VERSION"));
    const client = clientOf("window", memoryToken("secret"));
    client.start();
    await settled();
    expect(states.at(-1)).toMatchObject({ kind: "refused", error: { code: "RPC_VERSION" } });
    network.cut();
    expect(clock.next()).toBeUndefined();
    service.answer("hello", () => helloAnswer());
    client.retry();
    await settled();
    expect(states.at(-1)).toEqual({ kind: "online" });
  });
});

describe("requests", () => {
  it("sends a prompt again after a cut until it is answered, with the same id", async () => {
    const client = clientOf("window", memoryToken("secret"));
    client.start();
    await settled();
    const answer = client.persist("session/prompt", { session: "s", clientId: "c-1", text: "Hello" });
    await settled();
    network.cut();
    service.answer("session/prompt", () => ({ turn: "t", seq: 3 }));
    clock.advance(250);
    expect(await answer).toEqual({ turn: "t", seq: 3 });
    expect(calls("session/prompt")).toEqual([
      { session: "s", clientId: "c-1", text: "Hello" },
      { session: "s", clientId: "c-1", text: "Hello" },
    ]);
    network.cut();
    clock.advance(250);
    await settled();
    expect(calls("session/prompt")).toHaveLength(2);
  });

  it("keeps a prompt that was written while the service was away", async () => {
    network.reachable = false;
    const client = clientOf("window", memoryToken("secret"));
    client.start();
    const answer = client.persist("session/prompt", { session: "s", clientId: "c-1", text: "Hello" });
    await settled();
    network.reachable = true;
    service.answer("session/prompt", () => ({ turn: "t", seq: 1 }));
    clock.advance(250);
    expect(await answer).toEqual({ turn: "t", seq: 1 });
  });

  it("never sends an undo twice: it fails with the cut", async () => {
    const client = clientOf("window", memoryToken("secret"));
    client.start();
    await settled();
    const undo = client.request("changeSet/undo", { session: "s", changeSet: "c" });
    const failed = expect(undo).rejects.toMatchObject({ user: { code: "NET_SERVICE" } });
    await settled();
    network.cut();
    await failed;
    clock.advance(250);
    await settled();
    expect(calls("changeSet/undo")).toHaveLength(1);
  });

  it("gives a refusal with its sentences to who asked", async () => {
    service.refuse("session/cancel", userError("SES_NOT_FOUND"));
    const client = clientOf("window", memoryToken("secret"));
    client.start();
    await settled();
    await expect(client.persist("session/cancel", { session: "s" })).rejects.toMatchObject({
      user: { code: "SES_NOT_FOUND", kept: "Other sessions are kept." },
    });
  });
});

describe("what the service sends", () => {
  it("answers its requests, and says so of methods that this page does not have", async () => {
    clientOf("excel", memoryToken("secret")).start();
    await settled();
    expect(await service.call("document/select", { document: "d", target: "S!A1" })).toMatchObject({ result: {} });
    expect(await service.call("document/apply", {})).toMatchObject({ error: { code: -32601 } });
    expect(await service.call("constructor", {})).toMatchObject({ error: { code: -32601 } });
  });

  it.each(["", "not json", "[]", "null", "7", '{"id":1,"result":{}}', '{"jsonrpc":"2.0","id":99,"result":{}}'])(
    "goes on past the frame %j",
    async (text) => {
      const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
      clientOf("window", memoryToken("secret")).start();
      await settled();
      service.raw(text);
      service.notify("session/removed", { session: "s" });
      expect(heard).toEqual(["hello", "session/removed"]);
      expect(warned.mock.calls.length).toBeLessThanOrEqual(1);
    },
  );

  it("leaves out a notification that it does not know", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    clientOf("window", memoryToken("secret")).start();
    await settled();
    service.raw('{"jsonrpc":"2.0","method":"toString","params":{}}');
    expect(heard).toEqual(["hello"]);
    expect(warned).toHaveBeenCalledOnce();
  });
});

describe("pairing", () => {
  const number = { pairing: "p-1", number: "483201", expiresAt: 60_000 };

  it("shows a pane without a token the number, and goes on with the token of the answer", async () => {
    service.answer("pairing/begin", () => number);
    const token = memoryToken();
    clientOf("excel", token).start();
    await settled();
    expect(states.at(-1)).toEqual({ kind: "pairing", number: "483201", expiresAt: 60_000 });
    expect(calls("hello")).toEqual([]);
    service.notify("pairing/settled", { pairing: "p-other", token: "foreign" });
    await settled();
    expect(token.token).toBeUndefined();
    service.notify("pairing/settled", { pairing: "p-1", token: "fresh" });
    await settled();
    expect(token.token).toBe("fresh");
    expect(states.at(-1)).toEqual({ kind: "online" });
  });

  it("says that the attempt ended, and asks for a new number when the person does", async () => {
    service.answer("pairing/begin", () => number);
    const client = clientOf("excel", memoryToken());
    client.start();
    await settled();
    service.notify("pairing/settled", { pairing: "p-1" });
    expect(states.at(-1)).toEqual({ kind: "pairingEnded" });
    client.retry();
    await settled();
    expect(calls("pairing/begin")).toHaveLength(2);
  });

  it("forgets a token that was revoked and pairs anew", async () => {
    service.refuse("hello", userError("PAIR_REQUIRED")).answer("pairing/begin", () => number);
    const token = memoryToken("revoked");
    clientOf("powerpoint", token).start();
    await settled();
    expect(token.token).toBeUndefined();
    expect(states.at(-1)).toMatchObject({ kind: "pairing" });
  });

  it("asks a window without a token to be opened anew, and never pairs it", async () => {
    clientOf("window", memoryToken()).start();
    await settled();
    expect(kinds()).toEqual(["noToken"]);
    expect(service.requests).toEqual([]);
  });
});

describe("the token", () => {
  it("is taken out of the address at once", () => {
    const replaced: string[] = [];
    const location = { hash: "#token=abc_-123", replace: (to: string | URL) => replaced.push(String(to)) };
    expect(takeTokenFromAddress(location)).toBe("abc_-123");
    expect(replaced).toEqual(["#"]);
  });

  it.each(["", "#", "#token=", "#other=1"])("is not found in %j", (hash) => {
    expect(takeTokenFromAddress({ hash, replace: () => undefined })).toBeUndefined();
  });

  it("outlives a reload of a pane, and of a window only until it is closed", () => {
    tokenStore("excel", window).write("pane");
    tokenStore("window", window).write("desk");
    expect(tokenStore("excel", window).read()).toBe("pane");
    expect(localStorage.getItem("deskhand.token.window")).toBeNull();
    expect(sessionStorage.getItem("deskhand.token.window")).toBe("desk");
    tokenStore("excel", window).write(undefined);
    expect(tokenStore("excel", window).read()).toBeUndefined();
    sessionStorage.clear();
  });

  it("is kept in memory where the host forbids storage", () => {
    const forbidding = {
      get localStorage(): Storage {
        throw new DOMException("denied", "SecurityError");
      },
      get sessionStorage(): Storage {
        throw new DOMException("denied", "SecurityError");
      },
    };
    const store = tokenStore("excel", forbidding);
    store.write("secret");
    expect(store.read()).toBe("secret");
  });
});
