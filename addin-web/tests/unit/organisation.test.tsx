import { cleanup, fireEvent, screen } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { userError } from "../../shared/src/client/rpc.ts";
import type { ServiceView } from "../../shared/src/generated/protocol.ts";
import { helloAnswer } from "../fake-service.ts";
import { open } from "../page.tsx";

afterEach(cleanup);

const view = (parts: Partial<ServiceView>): { view: ServiceView } => ({ view: { ...helloAnswer().view, ...parts } });
const stopped = { ...userError("POL_DISABLED"), detail: "managed: /etc/deskhand/managed-settings.json" };

describe("what the organisation decides", () => {
  it.each(["window", "excel", "powerpoint"] as const)("says in the %s front end who switched it off, and sends nothing", async (kind) => {
    const { calls, run } = await open({ kind, hello: view({ stopped }) });
    expect(screen.getByText("Deskhand is switched off by your organisation.")).toBeTruthy();
    const detail = screen.getByText("managed: /etc/deskhand/managed-settings.json");
    expect(detail.closest("details")?.open).toBe(true);
    const prompt = screen.getByRole("textbox", { name: "Prompt" });
    await run(() => fireEvent.change(prompt, { target: { value: "Sum it up" } }));
    await run(() => fireEvent.keyDown(prompt, { key: "Enter" }));
    expect(calls("session/prompt")).toEqual([]);
    expect((prompt as HTMLTextAreaElement).value).toBe("Sum it up");
  });

  it("opens again without a reload when the organisation does", async () => {
    const { run, service } = await open({ kind: "window", hello: view({ stopped }) });
    await run(() => service.notify("service/changed", helloAnswer().view));
    expect(screen.queryByText("Deskhand is switched off by your organisation.")).toBeNull();
  });

  it.each([
    ["Bring them here", "takeOver"],
    ["Leave them", "leave"],
  ] as const)("offers sessions from before the deployment had its name: %s", async (label, choice) => {
    const { calls, run, service } = await open({ kind: "window", hello: view({ earlierSessions: true }) });
    service.answer("history/choose", () => ({}));
    await run(() => fireEvent.click(screen.getByRole("button", { name: label })));
    expect(calls("history/choose")).toEqual([{ choice }]);
    await run(() => service.notify("service/changed", helloAnswer().view));
    expect(screen.queryByText("Bring your earlier sessions here?")).toBeNull();
  });

  it("asks in no pane about all sessions", async () => {
    await open({ kind: "excel", hello: view({ earlierSessions: true }) });
    expect(screen.queryByText("Bring your earlier sessions here?")).toBeNull();
  });

  it.each([
    [79, false],
    [80, true],
  ])("shows what is used of the token limit, and warns from 80 percent on: %d", async (tokens, warns) => {
    const usage = { tokens, limit: 100, endsAt: Date.now() + 3_600_000 };
    const { run } = await open({ kind: "excel", hello: view({ usage }) });
    const meter = screen.getByRole("button", { name: `${String(tokens)}% of the token limit` });
    expect(meter.classList.contains("is-warning")).toBe(warns);
    await run(() => fireEvent.click(meter));
    expect(screen.getByText(`${String(tokens)} of 100 tokens are used, in all sessions.`)).toBeTruthy();
    expect(screen.getByText(/^Once they are used, the model is asked no more until the count starts anew: /)).toBeTruthy();
  });

  it("shows the organisation's line, which nobody can dismiss", async () => {
    const banner = { text: "Confidential data only", background: "#00205b", color: "#ffffff", link: "https://example.com/rules" };
    await open({ kind: "excel", hello: view({ organisation: { banner } }) });
    const line = screen.getByRole("complementary", { name: "From your organisation" });
    expect(line.textContent).toContain("Confidential data only");
    expect(line.querySelector("button")).toBeNull();
    expect(line.querySelector("a")?.href).toBe("https://example.com/rules");
  });

  it("says behind the padlock why settings are fixed and whom to ask", async () => {
    const organisation = { reason: "Requests stay on our own network.", contact: "it-help@example.com" };
    const { run } = await open({ kind: "window", hello: view({ managed: true, organisation }) });
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Managed by your organisation" })));
    expect(screen.getByText("“Requests stay on our own network.”")).toBeTruthy();
    expect(screen.getByText("Questions: it-help@example.com")).toBeTruthy();
  });
});
