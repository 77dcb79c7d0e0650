import { cleanup, fireEvent, screen } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { userError } from "../../shared/src/client/rpc.ts";
import type { BootstrapView, ServiceView } from "../../shared/src/generated/protocol.ts";
import { helloAnswer } from "../fake-service.ts";
import { open } from "../page.tsx";

afterEach(cleanup);

const ORIGIN = "https://settings.example.com";
const AWAITED = { ...userError("BOOT_AWAITED"), detail: "bootstrapUrl" };

const hello = (bootstrap: Partial<BootstrapView>): { view: ServiceView } => ({
  view: {
    ...helloAnswer().view,
    stopped: AWAITED,
    bootstrap: { origin: ORIGIN, state: { kind: "idle" }, signedIn: false, ...bootstrap },
  },
});
const here = (bootstrap: Partial<BootstrapView>): ServiceView => ({
  ...helloAnswer().view,
  bootstrap: { origin: ORIGIN, state: { kind: "idle" }, signedIn: true, countsUntil: Date.now() + 3_600_000, ...bootstrap },
});
const CARD = "Sign in to get your organisation's settings";

describe("settings that the organisation hands out", () => {
  it.each(["window", "excel", "powerpoint"] as const)("asks in the %s front end to sign in, once and with what it is for", async (kind) => {
    const { calls, run, service } = await open({ kind, hello: hello({ state: { kind: "signIn", browser: true } }) });
    service.answer("bootstrap/signIn", () => ({}));
    expect(screen.getByRole("region", { name: CARD }).textContent).toContain(ORIGIN);
    expect(screen.queryByText(AWAITED.happened)).toBeNull();
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Sign in in the browser" })));
    expect(calls("bootstrap/signIn")).toEqual([{}]);
  });

  it("gives the page where no browser opened", async () => {
    const { run, service } = await open({ kind: "window", hello: hello({ state: { kind: "signIn", browser: true } }) });
    service.answer("bootstrap/signIn", () => ({ page: `${ORIGIN}/authorize?x=1` }));
    service.answer("bootstrap/cancel", () => ({}));
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Sign in in the browser" })));
    await run(() => service.notify("service/changed", hello({ state: { kind: "browser" } }).view));
    expect(screen.getByRole("link", { name: "No browser opened? Open the page" }).getAttribute("href")).toBe(`${ORIGIN}/authorize?x=1`);
  });

  it("shows the code and the whole address of the page for it", async () => {
    const state = { kind: "code", code: "WDJB-MJHT", address: `${ORIGIN}/activate`, endsAt: Date.now() + 300_000 } as const;
    const { calls, run, service } = await open({ kind: "excel", hello: hello({ state }) });
    service.answer("bootstrap/cancel", () => ({}));
    expect(screen.getByRole("button", { name: "Copy the code WDJB-MJHT" })).toBeTruthy();
    expect(screen.getByRole("link", { name: `${ORIGIN}/activate` })).toBeTruthy();
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Cancel" })));
    expect(calls("bootstrap/cancel")).toEqual([{}]);
  });

  it.each([
    ["window", "excel", false],
    ["terminal", "powerpoint", false],
    ["powerpoint", "excel", true],
    ["excel", "window", true],
    ["terminal", "window", true],
  ] as const)("lets what the %s began be cancelled in the %s front end: %s", async (begunBy, kind, may) => {
    await open({ kind, hello: hello({ state: { kind: "browser" }, begunBy }) });
    expect(screen.queryByRole("button", { name: "Cancel" }) !== null).toBe(may);
    expect(screen.queryByText(/is cancelled there/) === null).toBe(may);
  });

  it("says what went wrong, until when the present settings count, and tries again", async () => {
    const problem = { ...userError("BOOT_UNREACHABLE"), detail: "no answer within 30 seconds" };
    const { calls, run, service } = await open({ kind: "window", hello: { view: here({ problem }) } });
    service.answer("bootstrap/signIn", () => ({}));
    const card = screen.getByRole("region", { name: CARD }).textContent;
    expect(card).toContain("Your organisation's settings could not be fetched.");
    expect(card).toContain("Those you have count until");
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Try again" })));
    expect(calls("bootstrap/signIn")).toEqual([{}]);
  });

  it("says nothing while there is nothing to do", async () => {
    await open({ kind: "window", hello: { view: here({}) } });
    expect(screen.queryByRole("region", { name: CARD })).toBeNull();
  });

  it.each([
    ["Let them count", true],
    ["Do not use them", false],
  ])("shows whole values before anybody answers: %s", async (name, allow) => {
    const { calls, run, service } = await open({ kind: "window", hello: { view: here({}) } });
    const value = `${ORIGIN}/ai`;
    service.answer("bootstrap/show", () => ({ values: [{ key: "inferenceGatewayBaseUrl", value }], digest: "d-1" }));
    service.answer("bootstrap/consent", () => ({}));
    await run(() => service.notify("service/changed", here({ consent: "waiting" })));
    expect(screen.getByText(value)).toBeTruthy();
    await run(() => fireEvent.click(screen.getByRole("button", { name })));
    expect(calls("bootstrap/consent")).toEqual([{ digest: "d-1", allow }]);
  });

  it("writes out what would make a value look like another one", async () => {
    const { run, service } = await open({ kind: "window", hello: { view: here({}) } });
    const values = [
      { key: "inferenceGatewayBaseUrl", value: `${ORIGIN}/\u202Eia\u2066/\u200b` },
      { key: "managedMcpServers", value: [{ name: "a\u202Eb" }] },
    ];
    service.answer("bootstrap/show", () => ({ values, digest: "d-1" }));
    await run(() => service.notify("service/changed", here({ consent: "waiting" })));
    expect(screen.getByText(`${ORIGIN}/‹U+202E›ia‹U+2066›/‹U+200B›`)).toBeTruthy();
    expect(screen.getByText(/"name": "a‹U\+202E›b"/)).toBeTruthy();
    expect(screen.getByRole("region", { name: /May these settings/ }).textContent).toContain("content that may be sent to a collector");
  });

  it("sends a pane to the window for consent, and asks for no values there", async () => {
    const { calls } = await open({ kind: "excel", hello: { view: here({ consent: "waiting" }) } });
    expect(screen.getByText(/Look at them in the Deskhand window/)).toBeTruthy();
    expect(calls("bootstrap/show")).toEqual([]);
  });
});
