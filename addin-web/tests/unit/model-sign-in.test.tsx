import { cleanup, fireEvent, screen } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { userError } from "../../shared/src/client/rpc.ts";
import type { ProviderSignInView, ServiceView } from "../../shared/src/generated/protocol.ts";
import { helloAnswer } from "../fake-service.ts";
import { open } from "../page.tsx";

afterEach(cleanup);

const AT = "login.example.com";
const MINUTE = 60_000;
const SENT_TO = "https://gateway.example.com";
const signedOut: ProviderSignInView = { at: AT, sentTo: SENT_TO, state: { kind: "signIn", browser: true }, signedIn: false };
const signedIn: ProviderSignInView = { at: AT, state: { kind: "idle" }, signedIn: true };
const hello = (signIn: ProviderSignInView): { view: ServiceView } => ({ view: { ...helloAnswer().view, signIn } });
const CARD = "Sign in to use the model";
const card = (name = CARD): HTMLElement => screen.getByRole("region", { name });

describe("signing in for the model", () => {
  it.each(["window", "excel", "powerpoint"] as const)("is asked for in the %s front end, with whom and once", async (kind) => {
    const { calls, run, service } = await open({ kind, hello: hello(signedOut) });
    service.answer("provider/signIn", () => ({}));
    expect(card().textContent).toContain(AT);
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Sign in in the browser" })));
    expect(calls("provider/signIn")).toEqual([{}]);
    await run(() => service.notify("service/changed", hello(signedIn).view));
    expect(screen.queryByRole("region", { name: CARD })).toBeNull();
  });

  it("gives the page in the window where no browser opened, and can be cancelled", async () => {
    const { calls, run, service } = await open({ kind: "window", hello: hello(signedOut) });
    service.answer("provider/signIn", () => ({ page: `https://${AT}/authorize?x=1` }));
    service.answer("provider/cancelSignIn", () => ({}));
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Sign in in the browser" })));
    await run(() => service.notify("service/changed", hello({ ...signedOut, state: { kind: "browser" }, begunBy: "window" }).view));
    expect(screen.getByRole("link", { name: "No browser opened? Open the page" }).getAttribute("href")).toBe(`https://${AT}/authorize?x=1`);
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Cancel" })));
    expect(calls("provider/cancelSignIn")).toEqual([{}]);
  });

  it("names where what the sign-in gives is sent", async () => {
    await open({ kind: "window", hello: hello(signedOut) });
    expect(card().textContent).toContain(`is sent to ${SENT_TO}`);
  });

  it("shows a pane no code of the window's, and leaves it what there is to wait for", async () => {
    await open({ kind: "excel", hello: hello({ ...signedOut, state: { kind: "elsewhere" }, begunBy: "window" }) });
    expect(card().textContent).toContain("Waiting for a code to be entered, which is not shown here");
    expect(screen.queryByRole("button", { name: "Cancel" })).toBeNull();
  });

  it("says what went wrong, and does not say it twice", async () => {
    const problem = { ...userError("INF_SIGN_IN"), detail: "the person refused" };
    const { run, service } = await open({ kind: "window", hello: hello({ ...signedOut, problem }) });
    service.refuse("provider/signIn", problem);
    expect(screen.getByRole("alert").textContent).toContain("the person refused");
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Sign in in the browser" })));
    expect(screen.getAllByText(/the person refused/)).toHaveLength(1);
  });

  it.each([
    [12, "Your sign-in for the model ends in 12 minutes"],
    [1, "Your sign-in for the model ends in a minute"],
    [-1, CARD],
  ])("asks ahead of the end: %d minutes", async (minutes, title) => {
    const endsAt = Date.now() + minutes * MINUTE - 1_000;
    const { calls, run, service } = await open({ kind: "excel", hello: hello({ ...signedIn, endsAt }) });
    service.answer("provider/signIn", () => ({}));
    expect(card(title).textContent).toContain(AT);
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Sign in again" })));
    expect(calls("provider/signIn")).toEqual([{}]);
  });

  it("keeps quiet while there is time, and signs out from the window's menu alone", async () => {
    const endsAt = Date.now() + 60 * MINUTE;
    const window = await open({ kind: "window", hello: hello({ ...signedIn, endsAt }) });
    window.service.answer("provider/signOut", () => ({}));
    expect(screen.queryByText(/sign-in for the model/i)).toBeNull();
    await window.run(() => fireEvent.click(screen.getByRole("button", { name: "More" })));
    await window.run(() => fireEvent.click(screen.getByRole("menuitem", { name: `Sign out of ${AT}` })));
    expect(window.calls("provider/signOut")).toEqual([{}]);
    cleanup();
    const pane = await open({ kind: "excel", hello: hello({ ...signedIn, endsAt }) });
    await pane.run(() => fireEvent.click(screen.getByRole("button", { name: "More" })));
    expect(screen.queryByRole("menuitem", { name: `Sign out of ${AT}` })).toBeNull();
  });
});
