// What the model is told beside the conversation, and how the person changes it.
import { cleanup, configure, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { userError } from "../../shared/src/client/rpc.ts";
import type { FrontEndKind, InstructionsAnswer } from "../../shared/src/generated/protocol.ts";
import { open } from "../page.tsx";
import { instructions, workbook, workingTurn } from "../story.ts";

afterEach(cleanup);

// In jsdom, where nothing is laid out, the popover that has the focus is not told apart from the page behind it.
beforeEach(() => {
  configure({ defaultHidden: true });
});
afterEach(() => {
  configure({ defaultHidden: false });
});

async function show(answer: InstructionsAnswer, kind: FrontEndKind = "window") {
  const opened = await open({ kind, events: workingTurn, hello: { document: workbook, documents: [workbook] } });
  opened.service.answer("instructions/list", () => answer).answer("instructions/put", () => answer);
  await opened.run(() => fireEvent.click(screen.getByRole("button", { name: "More" })));
  await opened.run(() => fireEvent.click(screen.getByRole("menuitem", { name: "Instructions" })));
  const dialog = document.querySelector<HTMLElement>("[role=dialog][aria-label=Instructions]");
  return { ...opened, view: within(dialog ?? document.body.appendChild(document.createElement("div"))) };
}

describe("the instructions", () => {
  it("stand in the order in which they are told, the organisation's as a text that cannot be changed", async () => {
    const { view } = await show(instructions);
    const headings = view.getAllByRole("heading", { level: 2 }).map((heading) => heading.textContent);
    expect(headings).toEqual(["Instructions", "Your organisation", "You, in all sessions", "You, for Reports"]);
    const organisation = view.getByLabelText("Your organisation");
    expect(organisation.textContent).toContain("Never name customers in a deck.");
    expect(within(organisation).queryByRole("textbox")).toBeNull();
    const texts = view.getAllByRole<HTMLTextAreaElement>("textbox").map((box) => box.value);
    expect(texts).toEqual(instructions.guidance.map((one) => one.text));
  });

  it("are saved for their place, and what was typed stays where that is refused", async () => {
    const { view, run, calls, service } = await show(instructions);
    const box = view.getByLabelText<HTMLTextAreaElement>("You, for Reports", { selector: "textarea" });
    await run(() => fireEvent.change(box, { target: { value: "Use the new master." } }));
    service.refuse("instructions/put", userError("INS_REFUSED"));
    await run(() => fireEvent.click(view.getByLabelText("Save: You, for Reports")));
    expect(box.value).toBe("Use the new master.");
    service.answer("instructions/put", () => instructions);
    await run(() => fireEvent.click(view.getByLabelText("Save: You, for Reports")));
    const put = { folder: "/data/Reports", text: "Use the new master.", paused: false };
    expect(calls("instructions/put")).toEqual([put, put]);
    expect(view.queryByLabelText("Save: You, for Reports")).toBeNull();
  });

  it("have notes that say who wrote them, and that are paused, told again and deleted", async () => {
    const { view, run, calls } = await show(instructions);
    expect(view.getAllByText(/Written by the agent/)).toHaveLength(2);
    expect(view.getByText(/Paused/)).toBeTruthy();
    await run(() => fireEvent.click(view.getByLabelText("Pause: Sources")));
    await run(() => fireEvent.click(view.getByLabelText("Resume: Spelling")));
    await run(() => fireEvent.click(view.getByLabelText("Delete: Sources")));
    const folder = "/data/Reports";
    expect(calls("instructions/put")).toEqual([
      { folder, note: "Sources", text: instructions.guidance[2]?.text, paused: true },
      { folder, note: "Spelling", text: "British English.", paused: false },
      { folder, note: "Sources", text: "", paused: false },
    ]);
  });

  it("say where the organisation closed the notes", async () => {
    const { view } = await show({ ...instructions, notesClosed: true });
    expect(view.getByText(/Your organisation lets the agent keep no notes/)).toBeTruthy();
  });

  it("are read in a pane, and changed in the window", async () => {
    const { view } = await show(instructions, "excel");
    expect(view.queryByRole("textbox")).toBeNull();
    expect(view.queryByLabelText("Delete: Sources")).toBeNull();
    expect(view.getByText("British English.")).toBeTruthy();
    expect(view.getByText(/changed in the Deskhand window/)).toBeTruthy();
  });
});
