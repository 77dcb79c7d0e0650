import { cleanup, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import type { ServiceView } from "../../shared/src/generated/protocol.ts";
import { helloAnswer } from "../fake-service.ts";
import { open } from "../page.tsx";
import { offered, workbook } from "../story.ts";

afterEach(cleanup);

const view = (parts: Partial<ServiceView> = {}): { view: ServiceView } => ({
  view: { ...helloAnswer().view, ...offered, ...parts },
});
const picker = (): HTMLElement => screen.getByRole("button", { name: /^Model: / });
const choices = (): string[] => screen.getAllByRole("menuitemradio").map((item) => item.textContent ?? "");

describe("the model picker", () => {
  it.each(["window", "excel", "powerpoint"] as const)("groups models by family in the %s front end, with what each takes in", async (kind) => {
    const { run } = await open({ kind, hello: view() });
    await run(() => fireEvent.click(picker()));
    expect(screen.getAllByRole("group").map((group) => within(group).queryByText(/^(Sonnet|Haiku|Other models)$/)?.textContent)).toEqual([
      undefined,
      "Sonnet",
      "Haiku",
      "Other models",
    ]);
    expect(choices()).toEqual([
      "Default modelClaude Sonnet 4.5leaves eu-central-1: anywhere in the EU",
      "Claude Sonnet 4.5200,000 tokens, the default, default of Sonnetleaves eu-central-1: anywhere in the EU",
      "Claude Sonnet 4.5 worldwide (1M)1,000,000 tokensleaves eu-central-1: anywhere",
      "Claude Haiku 4.5200,000 tokens",
      "Nova Pro200,000 tokens",
    ]);
  });

  it("says below the choices where content goes", async () => {
    const { run } = await open({ kind: "excel", hello: { ...view(), document: workbook, documents: [workbook] } });
    await run(() => fireEvent.click(picker()));
    expect(screen.getByRole("menu").parentElement?.textContent).toContain(offered.promise);
  });

  it("marks the model that is chosen, and sends its id", async () => {
    const { calls, run, service } = await open({ kind: "window", hello: view() });
    service.answer("session/prompt", () => ({ turn: "t", seq: 1 }));
    expect(picker().getAttribute("aria-label")).toBe("Model: Default model, leaves eu-central-1: anywhere in the EU");
    await run(() => fireEvent.click(picker()));
    await run(() => fireEvent.click(screen.getByRole("menuitemradio", { name: /worldwide/ })));
    expect(picker().getAttribute("aria-label")).toBe(
      "Model: Claude Sonnet 4.5 worldwide (1M), leaves eu-central-1: anywhere",
    );
    const prompt = screen.getByRole("textbox", { name: "Prompt" });
    await run(() => fireEvent.change(prompt, { target: { value: "Sum it up" } }));
    await run(() => fireEvent.keyDown(prompt, { key: "Enter" }));
    expect(calls("session/prompt")).toMatchObject([{ model: "global.sonnet[1m]" }]);
  });

  it("marks a model that the organisation chose, too", async () => {
    await open({ kind: "excel", hello: view({ models: offered.models.slice(0, 1), modelLocked: true }) });
    expect(picker().getAttribute("aria-label")).toBe(
      "Model: Default model, leaves eu-central-1: anywhere in the EU. Your organisation chose the model",
    );
  });

  it("has no names of families where no model has one", async () => {
    const models = [{ id: "a", label: "A", familyDefault: false }];
    const { run } = await open({ kind: "window", hello: view({ models }) });
    await run(() => fireEvent.click(picker()));
    expect(screen.queryByText("Other models")).toBeNull();
    expect(choices()).toEqual(["Default modelA", "Athe default"]);
  });
});

describe("the start of a session", () => {
  it.each(["window", "excel", "powerpoint"] as const)("says in the %s front end where content goes", async (kind) => {
    await open({ kind, hello: { ...view(), sessions: [] } });
    expect(screen.getByText(offered.promise)).toBeTruthy();
  });
});
