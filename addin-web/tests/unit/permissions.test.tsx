// What may be done without asking, what is asked, and how it is taken back.
import { cleanup, configure, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type {
  Choice,
  EventBody,
  FrontEndKind,
  GrantView,
  PermissionRequest,
  SessionEvent,
  SettledBy,
} from "../../shared/src/generated/protocol.ts";
import { helloAnswer } from "../fake-service.ts";
import { open } from "../page.tsx";
import { asked, editRequest, fileRequest, grants, numbered, pageRequest, SESSION, workbook } from "../story.ts";

afterEach(cleanup);

const hello = { document: workbook, documents: [workbook] };
const after = (events: readonly SessionEvent[], ...bodies: EventBody[]): SessionEvent[] =>
  numbered(bodies, events.length + 1);

async function ask(about: PermissionRequest) {
  const opened = await open({ kind: "window", events: asked(about), hello });
  return { ...opened, card: within(screen.getByRole("group", { name: about.question })) };
}

const texts = (elements: readonly HTMLElement[]): (string | null)[] => elements.map((element) => element.textContent);

describe("a question about a file", () => {
  it("names the file by its whole path and counts in lines", async () => {
    const { card } = await ask(editRequest);
    expect(card.getByText("/data/Reports/2026/notes.txt").className).toContain("ltr");
    expect(texts(card.getAllByRole("columnheader"))).toEqual(["Line", "Now", "After"]);
    expect(texts(card.getAllByRole("rowheader"))).toEqual(["4 ", "7 ", "7 "]);
    expect(card.getByRole("img", { name: "File" })).toBeTruthy();
  });

  it("shows of a new file its text alone", async () => {
    const { card } = await ask(fileRequest);
    expect(texts(card.getAllByRole("columnheader"))).toEqual(["Line", "Text"]);
    expect(texts(card.getAllByRole("cell"))).toEqual(["# Quarter 3", "empty", fileRequest.rows[2]?.after]);
  });

  it("says how many lines there are beyond the table", async () => {
    const row = { cell: "1", now: "", after: "text", formula: false };
    const { card } = await ask({ ...fileRequest, rows: Array.from({ length: 8 }, () => row), total: 1_408 });
    fireEvent.click(card.getByRole("button", { name: "Show all 1,408 lines" }));
    expect(card.getAllByRole("rowheader")).toHaveLength(8);
    expect(card.getByText("and 1,400 lines more")).toBeTruthy();
  });

  it("shows all of what would outlive the session, with nothing folded away", async () => {
    const rows = Array.from({ length: 9 }, (_, at) => ({ cell: `${at + 1}`, now: "", after: `line ${at + 1}`, formula: false }));
    const { card } = await ask({ ...fileRequest, reason: "remembers", rows, total: rows.length });
    expect(card.getAllByRole("rowheader")).toHaveLength(9);
    expect(card.queryByRole("button", { name: /^Show all .* lines$/ })).toBeNull();
  });

  it("shows the path of a document too, and counts its cells", async () => {
    const { card } = await ask({ ...editRequest, document: workbook.id, path: "/data/Sample workbook.xlsx" });
    expect(card.getByText("/data/Sample workbook.xlsx")).toBeTruthy();
    expect(texts(card.getAllByRole("columnheader"))).toEqual(["Cell", "Now", "After"]);
  });

  it("offers to allow it always, behind the session, and says for how long", async () => {
    const { card, run, calls, service } = await ask(fileRequest);
    service.answer("permission/answer", () => ({ accepted: true }));
    expect(texts(within(card.getByRole("group", { name: "Answers" })).getAllByRole("button"))).toEqual([
      "Allow once",
      "Allow for this session",
      "Always in this folder",
      "Deny",
    ]);
    expect(card.getByText(/is for the folder Reports\. It ends in 90 days/)).toBeTruthy();
    await run(() => fireEvent.click(card.getByRole("button", { name: "Always in this folder" })));
    expect(calls("permission/answer")).toEqual([
      { session: SESSION, permission: "permission-file", choice: "allowAlways" },
    ]);
  });

  it("does not speak of always where it is not offered", async () => {
    const { card } = await ask({ ...fileRequest, reason: "removes", choices: ["allowOnce", "deny"] });
    expect(card.queryByText(/90 days/)).toBeNull();
    expect(card.queryByRole("button", { name: /Always|session/ })).toBeNull();
  });

  it("keeps the reason in sight where a rule asks", async () => {
    const risk = {
      cells: "/data/Reports/2026/notes.txt",
      reach: "is something that your organisation wants to be asked about",
      rule: "The rule is `Read(**)`; it asks every time.",
    };
    const { card } = await ask({ ...fileRequest, reason: "ruled", rows: [], risks: [risk] });
    expect(card.getByText(/your organisation wants to be asked about/).closest(".note-warning")).not.toBeNull();
    expect(card.queryByRole("button", { name: /Fold|Hide/ })).toBeNull();
  });
});

describe("what was read before a question", () => {
  it("is said in one line that unfolds to all of it", async () => {
    const { card } = await ask(fileRequest);
    const line = "Read before this: Sample workbook.xlsx Notes!A1:B9, notes.txt and 2 more";
    expect(card.getByText(line)).toBeTruthy();
    fireEvent.click(card.getByRole("button", { name: "Show all" }));
    expect(texts(card.getAllByRole("listitem"))).toEqual([
      "Sample workbook.xlsx Notes!A1:B9",
      "/data/Reports/2026/notes.txt",
      "/data/Reports/2026/rates.txt",
      "*.md",
    ]);
    fireEvent.click(card.getByRole("button", { name: "Show fewer" }));
    expect(card.getByText(line)).toBeTruthy();
  });

  it("is not said where nothing was read", async () => {
    const { card } = await ask({ ...fileRequest, read: [] });
    expect(card.queryByText(/Read before this/)).toBeNull();
  });
});

describe("a settled question", () => {
  it.each<[Choice, SettledBy, string | RegExp]>([
    ["allowAlways", { person: "window" }, /\? Always allowed in this folder, .*14:31/],
    ["allowAlways", { person: "excel" }, /\? Always allowed in this folder, in Excel, .*14:31/],
    ["allowSession", { person: "excel" }, /\? Allowed for this session, in Excel, .*14:31/],
    ["allowOnce", { person: "excel" }, /\? Allowed in Excel, .*14:31/],
    ["allowOnce", "lastingGrant", /\? Allowed by your earlier answer for this folder/],
  ])("says how far it was allowed and where: %s, %j", async (choice, by, said) => {
    const events = asked(fileRequest);
    const settled: EventBody = { type: "permissionSettled", permission: fileRequest.id, choice, by };
    await open({ kind: "window", events: [...events, ...after(events, settled)], hello });
    expect(screen.getByText(said)).toBeTruthy();
  });
});

describe("a call that nobody was asked about", () => {
  it.each<[SettledBy, string]>([
    ["sessionGrant", "Allowed for this session"],
    ["lastingGrant", "Always allowed here"],
    ["mode", "Allowed by the mode"],
  ])("says in its line what allowed it: %s", async (by, said) => {
    const events = asked(fileRequest).slice(0, -1);
    const allowed: EventBody = { type: "callAllowed", call: fileRequest.call, by };
    await open({ kind: "window", events: [...events, ...after(events, allowed)], hello });
    expect(screen.getByText(said).closest(".call")?.textContent).toContain("Writing a file");
  });
});

describe("a question about the web", () => {
  it("shows the whole of what would be sent and says that it may carry content", async () => {
    const { card } = await ask(pageRequest);
    expect(card.getByText(pageRequest.web?.sent ?? "").className).toContain("ltr");
    expect(card.getByText(/^The address has 224 characters,/)).toBeTruthy();
    expect(card.queryByRole("table")).toBeNull();
    expect(texts(card.getAllByRole("button"))).toEqual(["Allow once", "Deny", "Show all"]);
  });

  it("names a page that was read before by its host, and by its whole address when asked", async () => {
    const { card } = await ask(pageRequest);
    expect(card.getByText("Read before this: wiki.example.org")).toBeTruthy();
    fireEvent.click(card.getByRole("button", { name: "Show all" }));
    expect(card.getByText("https://wiki.example.org/plans/2026")).toBeTruthy();
  });
});

describe("the list of permissions", () => {
  // In jsdom, where nothing is laid out, the popover that has the focus is not told apart from the page behind it.
  beforeEach(() => {
    configure({ defaultHidden: true });
  });
  afterEach(() => {
    configure({ defaultHidden: false });
  });

  const [lasting, here, edits] = grants as [GrantView, GrantView, GrantView];

  async function list(granted: readonly GrantView[], kind: FrontEndKind = "window") {
    let given = [...granted];
    const opened = await open({ kind, events: asked(fileRequest), hello });
    opened.service
      .answer("permission/grants", () => ({ grants: given }))
      .answer("permission/revoke", ({ id }) => {
        given = given.filter((grant) => grant.id !== id);
        return {};
      });
    await opened.run(() => fireEvent.click(screen.getByRole("button", { name: "More" })));
    await opened.run(() => fireEvent.click(screen.getByRole("menuitem", { name: "Permissions" })));
    const give = (grant: GrantView): void => {
      given = [...given, grant];
    };
    // What is taken for hidden has no name either, so that names are looked for where they are written down.
    const dialog = document.querySelector<HTMLElement>("[role=dialog][aria-label=Permissions]");
    return { ...opened, give, view: within(dialog ?? document.body.appendChild(document.createElement("div"))) };
  }

  it.each(["window", "excel"] as const)("says what is allowed, where and until when: %s", async (kind) => {
    const { view, calls } = await list([lasting, here, edits], kind);
    expect(calls("permission/grants")).toEqual([{ session: SESSION }]);
    expect(texts(view.getAllByRole("listitem"))).toEqual([
      "Make new files/data/ReportsUntil Dec 17, 2026Revoke",
      "Change looksSample workbook.xlsxThis sessionRevoke",
      "Edit text files/data/Reports/2026This sessionRevoke",
    ]);
  });

  it("names the host of what is allowed on the web", async () => {
    const { view } = await list([{ id: "grant-4", reason: "browses", host: "example.com" }]);
    expect(texts(view.getAllByRole("listitem"))).toEqual(["Read the webexample.comThis sessionRevoke"]);
    expect(view.getByLabelText("Revoke: Read the web, example.com")).toBeTruthy();
  });

  it("takes one of always back by its id alone, one of this session with the session", async () => {
    const { view, run, calls } = await list([lasting, here]);
    await run(() => fireEvent.click(view.getByLabelText("Revoke: Make new files, Reports")));
    expect(texts(view.getAllByRole("listitem"))).toHaveLength(1);
    await run(() => fireEvent.click(view.getByLabelText("Revoke: Change looks, Sample workbook")));
    expect(calls("permission/revoke")).toEqual([{ id: "grant-1" }, { id: "grant-2", session: SESSION }]);
    expect(view.getByText(/Nothing is allowed for longer than once/)).toBeTruthy();
  });

  it("is read again when something is allowed or taken back elsewhere", async () => {
    const { view, run, service, give } = await list([lasting]);
    give(edits);
    const events = asked(fileRequest);
    const by = { person: "excel" as const };
    const settled: EventBody = { type: "permissionSettled", permission: fileRequest.id, choice: "allowSession", by };
    await run(() => service.events(SESSION, after(events, settled)));
    expect(view.getAllByRole("listitem")).toHaveLength(2);
    give(here);
    await run(() => service.events(SESSION, numbered([{ type: "grantRevoked", grant: "other" }], events.length + 2)));
    expect(view.getAllByRole("listitem")).toHaveLength(3);
  });
});

describe("the mode that acts", () => {
  const picker = (): HTMLElement => screen.getByRole("button", { name: /^How much/ });

  async function choose(actLocked: boolean) {
    const opened = await open({ kind: "window", hello: { view: { ...helloAnswer().view, actLocked } } });
    await opened.run(() => fireEvent.click(picker()));
    await opened.run(() => fireEvent.click(screen.getByRole("menuitemradio", { name: /^Act/ })));
    return opened;
  }

  it("can be chosen where nobody closed it, and is left when somebody does", async () => {
    const { run, service } = await choose(false);
    expect(picker().textContent).toBe("Act");
    await run(() => service.notify("service/changed", { ...helloAnswer().view, actLocked: true }));
    expect(picker().textContent).toBe("Ask first");
  });

  it("stays in sight where the organisation closed it, says who did, and is not chosen", async () => {
    const { run, calls, service } = await choose(true);
    service.answer("session/create", () => ({ session: { id: SESSION } as never }));
    expect(screen.getByText("Set by your organisation")).toBeTruthy();
    expect(screen.getByText("disableBypassPermissionsMode")).toBeTruthy();
    const box = document.querySelector("textarea") ?? document.body;
    await run(() => fireEvent.change(box, { target: { value: "Go" } }));
    await run(() => fireEvent.keyDown(box, { key: "Enter" }));
    expect(calls("session/prompt")).toMatchObject([{ mode: "ask" }]);
  });
});
