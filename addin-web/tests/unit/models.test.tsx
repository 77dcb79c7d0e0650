import { cleanup, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { userError } from "../../shared/src/client/rpc.ts";
import type { EventBody, ServiceView, Usage } from "../../shared/src/generated/protocol.ts";
import { parseTokens } from "../../shared/src/session/unsent.ts";
import { helloAnswer } from "../fake-service.ts";
import { open } from "../page.tsx";
import { numbered, offered, workbook } from "../story.ts";

afterEach(cleanup);

const view = (parts: Partial<ServiceView> = {}): { view: ServiceView } => ({
  view: { ...helloAnswer().view, ...offered, ...parts },
});
const picker = (): HTMLElement => screen.getByRole("button", { name: /^Model: / });
const choices = (): string[] => screen.getAllByRole("menuitemradio").map((item) => item.textContent);

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

describe("what was used", () => {
  const priced = (input: number, nanodollars: number, partial = false): Usage => ({
    ...{ input, output: 0, cacheRead: 3 * input, cacheWrite: 0 },
    cost: { nanodollars, partial },
  });
  const plain = { input: 1_000, output: 0, cacheRead: 0, cacheWrite: 0 };
  const prompt: EventBody = {
    ...{ type: "promptAccepted", turn: "t", clientId: "p", text: "Sum it", from: "excel", documents: [], model: "" },
    ...{ mode: "ask", steering: false },
  };
  const answer = (usage: Usage): EventBody => ({
    ...{ type: "messageCompleted", turn: "t", message: "m", blocks: [], stop: "toolUse", usage },
  });
  const ended: EventBody = { type: "turnEnded", turn: "s", outcome: "completed", usage: priced(1_000, 300_000_000) };
  const rows = (): string[][] =>
    screen.getAllByRole("row").map((row) => [...row.children].map((cell) => cell.textContent.replace("\u00a0", " ")));

  it.each(["window", "excel", "powerpoint"] as const)("is said in the %s front end for turn, session and day, live, with the cache and an estimate", async (kind) => {
    const events = numbered([ended, prompt, answer(priced(500, 120_000_000))]);
    const hello = view({ lastDay: priced(10_000, 4_200_000_000) });
    const { run } = await open({ kind, hello, events });
    await run(() => fireEvent.click(screen.getByRole("button", { name: /^Tokens used by this session: ?6,000 tokens/ })));
    expect(rows()).toEqual([
      ["", "Tokens", "Input from cache", "Cost, estimate"],
      ["This turn", "2,000", "75%", "USD 0.12"],
      ["This session", "6,000", "75%", "USD 0.42"],
      ["Last 24 hours, all sessions", "40,000", "75%", "USD 4.20"],
    ]);
    expect(screen.getByText(/^The estimate follows from the prices in the settings/)).toBeTruthy();
  });

  it("says nothing of costs where no model has a price", async () => {
    const { run } = await open({ kind: "excel", events: numbered([{ ...ended, usage: plain }]) });
    await run(() => fireEvent.click(screen.getByRole("button", { name: /^Tokens used by this session: ?1,000 tokens$/ })));
    expect(rows()[0]).toEqual(["", "Tokens", "Input from cache"]);
    expect(rows()[1]).toEqual(["Last turn", "1,000", "0%"]);
    expect(screen.queryByText(/estimate/)).toBeNull();
  });

  it("says at least where some tokens have no price", async () => {
    const { run } = await open({ kind: "excel", events: numbered([ended, { ...ended, usage: plain }]) });
    await run(() => fireEvent.click(screen.getByRole("button", { name: /^Tokens used by this session/ })));
    expect(rows().map((row) => row[3])).toEqual(["Cost, estimate", "no price", "at least USD 0.30", "–"]);
    expect(screen.getByText(/^Some tokens have no price/)).toBeTruthy();
  });
});

describe("a turn that used its budget", () => {
  it.each(["window", "excel", "powerpoint"] as const)("says so in the %s front end and goes on with one click", async (kind) => {
    const error = { ...userError("TURN_BUDGET"), happened: "The turn used its budget of 50000 tokens and was ended." };
    const prompt: EventBody = {
      ...{ type: "promptAccepted", turn: "t", clientId: "p", text: "Sum it", from: "excel", documents: [], model: "" },
      ...{ mode: "ask", steering: false },
    };
    const usage = { input: 50_000, output: 0, cacheRead: 0, cacheWrite: 0 };
    const ended: EventBody = { type: "turnEnded", turn: "t", outcome: { failed: error }, usage };
    const { calls, run, service } = await open({ kind, events: numbered([prompt, ended]) });
    service.answer("session/prompt", () => ({ turn: "u", seq: 3 }));
    expect(screen.getByText(error.happened)).toBeTruthy();
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Go on" })));
    expect(calls("session/prompt")).toMatchObject([{ text: "Go on" }]);
  });
});

describe("the start of a session", () => {
  it.each(["window", "excel", "powerpoint"] as const)("says in the %s front end where content goes", async (kind) => {
    await open({ kind, hello: { ...view(), sessions: [] } });
    expect(screen.getByText(offered.promise)).toBeTruthy();
  });
});

describe("a budget of the person's own", () => {
  const meter = (): HTMLElement => screen.getByRole("button", { name: /^Tokens used by this session/ });
  const field = (): HTMLInputElement => screen.getByLabelText("A task may use, in tokens");
  const type = async (run: (act: () => unknown) => Promise<void>, text: string): Promise<void> => {
    await run(() => fireEvent.change(field(), { target: { value: text } }));
    await run(() => fireEvent.blur(field()));
  };

  it.each(["window", "excel", "powerpoint"] as const)("goes along with every prompt of the %s front end until it is taken away", async (kind) => {
    const { calls, run, service } = await open({ kind });
    service.answer("session/create", () => ({ session: { ...(helloAnswer().sessions[0] ?? ({} as never)), id: "new" } }));
    service.answer("session/prompt", () => ({ turn: "t", seq: 1 }));
    const say = async (text: string): Promise<void> => {
      await run(() => fireEvent.change(screen.getByLabelText("Prompt"), { target: { value: text } }));
      await run(() => fireEvent.click(screen.getByRole("button", { name: "Send (Enter)" })));
    };
    await run(() => fireEvent.click(meter()));
    await type(run, "250k");
    expect(field().value).toBe("250,000");
    expect(meter().textContent).toContain("up to 250,000 a task");
    await say("Sum it");
    await run(() => fireEvent.click(meter()));
    await type(run, "");
    expect(meter().textContent).not.toContain("a task");
    await say("And again");
    const budgets = (calls("session/prompt") as { budget?: number }[]).map((prompt) => prompt.budget);
    expect(budgets).toEqual([250_000, undefined]);
  });

  it("that is no number of tokens is refused in words and changes nothing", async () => {
    const { run } = await open({ kind: "excel" });
    await run(() => fireEvent.click(meter()));
    await type(run, "2M");
    for (const wrong of ["0", "-5", "many", "1.5", "1e9", "9".repeat(20)]) {
      await type(run, wrong);
      expect(field().getAttribute("aria-invalid")).toBe("true");
      expect(screen.getByText(/^Write a whole number of tokens/)).toBeTruthy();
      expect(field().value).toBe(wrong);
      expect(meter().textContent).toContain("up to 2,000,000 a task");
    }
  });

  it("stands beside the one of the settings", async () => {
    const { run } = await open({ kind: "excel", hello: view({ turnBudget: 500_000 }) });
    await run(() => fireEvent.click(meter()));
    expect(field().placeholder).toBe("500,000");
    expect(screen.getByText(/The settings allow 500,000\.$/)).toBeTruthy();
  });

  it.each([
    ["250000", 250_000],
    ["250,000", 250_000],
    ["250.000", 250_000],
    ["1 250 000", 1_250_000],
    ["1.5M", 1_500_000],
    ["1,5 m", 1_500_000],
    ["25,00", undefined],
    ["", undefined],
  ])("is written as people write numbers: %s", (text, tokens) => {
    expect(parseTokens(text)).toBe(tokens);
  });
});
