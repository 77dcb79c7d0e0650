// How folders and files come into a session: by a dialog, by a drop, and because the model asked and a person said so.
import { cleanup, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type NativeWindow, nativeShell } from "../../desktop/src/native.ts";
import { userError } from "../../shared/src/client/rpc.ts";
import type { DropWatcher, Picked } from "../../shared/src/components/context.tsx";
import type { EventBody, FrontEndKind, PermissionRequest } from "../../shared/src/generated/protocol.ts";
import type { Chosen } from "../../shared/src/session/attaching.ts";
import { open } from "../page.tsx";
import { asked, folderRequest, numbered, SESSION } from "../story.ts";

afterEach(cleanup);

const texts = (elements: readonly HTMLElement[]): (string | null)[] => elements.map((element) => element.textContent);
const chosen = (...paths: string[]): Chosen => ({
  items: paths.map((path) => ({ path, kind: path.includes(".") ? "file" : "folder" })),
  total: paths.length,
});

/** A page in a native window whose dialog chooses these. */
async function inWindow(picked: Chosen = chosen(), about?: PermissionRequest) {
  const asks: Picked[] = [];
  const drops = new Set<DropWatcher>();
  const opened = await open({
    kind: "window",
    ...(about === undefined ? {} : { events: asked(about) }),
    shell: {
      pick: (what) => {
        asks.push(what);
        return Promise.resolve(picked);
      },
      watchDrops: (watcher) => {
        drops.add(watcher);
        return () => drops.delete(watcher);
      },
    },
  });
  opened.service
    .answer("session/create", () => ({ session: { id: SESSION } as never }))
    .answer("folder/attach", () => ({}))
    .answer("document/attach", () => ({ document: {} as never }))
    .answer("permission/answer", () => ({ accepted: true }));
  const drop = (what: (watcher: DropWatcher) => void): Promise<void> =>
    opened.run(() => {
      drops.forEach(what);
    });
  return { ...opened, asks, drops, drop };
}

const alert = (): string => document.querySelector(".error-card")?.textContent ?? "";

describe("the dialog of the system", () => {
  it.each([
    ["Choose folders…", "folders", chosen("/srv/plans", "/srv/other"), "folder/attach"],
    ["Choose documents…", "documents", chosen("/srv/a.xlsx", "/srv/b.pdf"), "document/attach"],
  ] as const)("attaches all that is chosen: %s", async (name, what, picked, method) => {
    const { run, calls, asks } = await inWindow(picked);
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Attach a document or folder" })));
    await run(() => fireEvent.click(screen.getByText(name)));
    expect(asks).toEqual([what]);
    expect(calls(method)).toEqual(picked.items.map(({ path }) => ({ session: SESSION, path })));
  });

  it("attaches nothing where the person closes it", async () => {
    const { run, calls } = await inWindow();
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Attach a document or folder" })));
    await run(() => fireEvent.click(screen.getByText("Choose folders…")));
    expect(calls("folder/attach")).toEqual([]);
    expect(alert()).toBe("");
  });

  it("is not offered in a browser, where only the path can be typed", async () => {
    const { run } = await open({ kind: "window" });
    await run(() => fireEvent.click(screen.getByRole("button", { name: "Attach a document or folder" })));
    expect(screen.getByLabelText("Path of a document or folder")).toBeTruthy();
    expect(screen.queryByText(/^Choose/)).toBeNull();
  });
});

describe("what is dropped on the window", () => {
  it("is announced while it is held, and attached each as what it is", async () => {
    const { drop, calls } = await inWindow();
    await drop((watcher) => {
      watcher.entered();
    });
    expect(screen.getByText("Drop to attach")).toBeTruthy();
    await drop((watcher) => {
      watcher.left();
    });
    expect(screen.queryByText("Drop to attach")).toBeNull();
    await drop((watcher) => {
      watcher.dropped(chosen("/srv/plans", "/srv/a.xlsx"));
    });
    expect(calls("folder/attach")).toEqual([{ session: SESSION, path: "/srv/plans" }]);
    expect(calls("document/attach")).toEqual([{ session: SESSION, path: "/srv/a.xlsx" }]);
    expect(alert()).toBe("");
  });

  it("is told in one sentence where some of it is no document", async () => {
    const { drop, service, calls } = await inWindow();
    service.refuse("document/attach", userError("DOC_WRONG_KIND"));
    await drop((watcher) => {
      watcher.dropped({
        items: [{ path: "/srv/socket", kind: "other" }, ...chosen("/srv/run.sh", "/srv/plans").items],
        total: 3,
      });
    });
    expect(alert()).toContain("2 of 3 were not attached: socket, run.sh.");
    expect(alert()).toContain("The others are attached.");
    expect(calls("folder/attach")).toEqual([{ session: SESSION, path: "/srv/plans" }]);
    expect(calls("document/attach")).toEqual([{ session: SESSION, path: "/srv/run.sh" }]);
  });

  it("names a single file that cannot be attached, with the reason of the service", async () => {
    const { drop, service } = await inWindow();
    service.refuse("document/attach", userError("DOC_WRONG_KIND"));
    await drop((watcher) => {
      watcher.dropped(chosen("/srv/run.sh"));
    });
    expect(alert()).toContain("run.sh was not attached. The file is of no kind that can be read here.");
    expect(alert()).toContain("Nothing was changed.");
  });

  it("is too much from the fifty-first on, and then nothing is attached", async () => {
    const { drop, calls } = await inWindow();
    await drop((watcher) => {
      watcher.dropped({ items: [], total: 51 });
    });
    expect(alert()).toContain("51 files and folders at once are too many.");
    expect([...calls("folder/attach"), ...calls("document/attach")]).toEqual([]);
  });

  it("is not listened for any more when the page goes", async () => {
    const { drops } = await inWindow();
    expect(drops.size).toBe(1);
    cleanup();
    expect(drops.size).toBe(0);
  });
});

describe("what is dropped on a page that is not told where it lies", () => {
  const files = { dataTransfer: { types: ["Files"], dropEffect: "move" } };

  it.each<[FrontEndKind, string, string]>([
    ["window", "Drop to attach", "Attach it by its path, or drop it on the Deskhand window."],
    ["excel", "Files are attached in the Deskhand window", "Attach it in the Deskhand window."],
  ])("is not opened in its place, and the way is told: %s", async (kind, held, way) => {
    const { run, calls } = await open({ kind });
    let opens = true;
    await run(() => {
      opens = fireEvent.dragOver(document.body, files);
    });
    expect(opens, "the browser would take it").toBe(false);
    expect(files.dataTransfer.dropEffect).toBe("copy");
    expect(screen.getByText(held)).toBeTruthy();
    await run(() => {
      opens = fireEvent.drop(document.body, files);
    });
    expect(opens, "the browser would open it").toBe(false);
    expect(screen.queryByText(held)).toBeNull();
    expect(alert()).toContain(way);
    expect(calls("document/attach")).toEqual([]);
  });

  it("is over when it leaves the page, and text that is dragged is left alone", async () => {
    const { run } = await open({ kind: "window" });
    await run(() => fireEvent.dragOver(document.body, files));
    const leave = (to: Element | null): MouseEvent => new MouseEvent("dragleave", { bubbles: true, relatedTarget: to });
    await run(() => fireEvent(document.body, leave(document.querySelector("main"))));
    expect(screen.getByText("Drop to attach")).toBeTruthy();
    await run(() => fireEvent(document.body, leave(null)));
    expect(screen.queryByText("Drop to attach")).toBeNull();
    expect(fireEvent.dragOver(document.body, { dataTransfer: { types: ["text/plain"] } })).toBe(true);
    expect(fireEvent.drop(document.body, { dataTransfer: { types: ["text/plain"] } })).toBe(true);
    expect(alert()).toBe("");
  });
});

describe("a folder that the model asks for", () => {
  const unnamed: PermissionRequest = { ...folderRequest };
  delete unnamed.path;
  const card = (about: PermissionRequest) => within(screen.getByRole("group", { name: about.question }));
  const answers = (about: PermissionRequest): (string | null)[] =>
    texts(within(card(about).getByRole("group", { name: "Answers" })).getAllByRole("button"));

  it("is shown whole, with what could be done in it and the model's own words marked as such", async () => {
    await inWindow(chosen(), folderRequest);
    const shown = card(folderRequest);
    expect(shown.getByText("/data/Archive/2025").className).toContain("ltr");
    expect(shown.getByText("To be read only")).toBeTruthy();
    const words = shown.getByText(folderRequest.directory?.reason ?? "");
    expect(words.tagName).toBe("Q");
    expect(words.parentElement?.textContent).toContain("The model asks, and says why:");
    expect(shown.getByText(/others may have written/).closest(".note-warning")).not.toBeNull();
    expect(shown.getByText(/^Read before this/)).toBeTruthy();
    expect(answers(folderRequest)).toEqual(["Attach", "Another folder", "Deny"]);
  });

  it("is attached or not as the person says", async () => {
    for (const [button, choice] of [
      ["Attach", "allowOnce"],
      ["Deny", "deny"],
    ] as const) {
      const { run, calls } = await inWindow(chosen(), folderRequest);
      await run(() => fireEvent.click(card(folderRequest).getByRole("button", { name: button })));
      expect(calls("permission/answer")).toEqual([{ session: SESSION, permission: folderRequest.id, choice }]);
      cleanup();
    }
  });

  it("gives way to another one that is chosen in the dialog", async () => {
    const { run, calls, asks } = await inWindow(chosen("/srv/other"), folderRequest);
    const shown = card(folderRequest);
    await run(() => fireEvent.click(shown.getByRole("button", { name: "Another folder" })));
    await run(() => fireEvent.click(shown.getByRole("button", { name: "Choose…" })));
    expect(asks).toEqual(["folder"]);
    // What stands in the field is what is attached: the other button is gone.
    expect(answers(folderRequest)).toEqual(["The folder asked for", "Deny"]);
    expect(calls("permission/answer")).toEqual([]);
    await run(() => fireEvent.click(shown.getByRole("button", { name: "Attach this folder" })));
    expect(calls("permission/answer")).toEqual([
      { session: SESSION, permission: folderRequest.id, choice: "allowOnce", folder: "/srv/other" },
    ]);
  });

  it("is named by the person where the model named none, and asked on where that one is refused", async () => {
    const { run, calls, service } = await inWindow(chosen(), unnamed);
    const refusal = { ...userError("FOLDER_REFUSED"), happened: "Your organisation does not allow this folder." };
    service.refuse("permission/answer", refusal);
    const shown = card(unnamed);
    expect(answers(unnamed)).toEqual(["Deny"]);
    const field = shown.getByLabelText("Path of the folder");
    await run(() => fireEvent.change(field, { target: { value: " /srv/secret " } }));
    await run(() => fireEvent.click(shown.getByRole("button", { name: "Attach this folder" })));
    expect(calls("permission/answer")).toMatchObject([{ folder: "/srv/secret" }]);
    expect(alert()).toContain("Your organisation does not allow this folder.");
    await run(() => fireEvent.change(field, { target: { value: "/srv/plans" } }));
    await run(() => fireEvent.click(shown.getByRole("button", { name: "Attach this folder" })));
    expect(calls("permission/answer")).toHaveLength(2);
  });

  it("can be allowed or denied in a pane, which names none of its own", async () => {
    await open({ kind: "excel", events: asked(folderRequest) });
    expect(answers(folderRequest)).toEqual(["Attach", "Deny"]);
    expect(screen.queryByLabelText("Path of the folder")).toBeNull();
    cleanup();
    await open({ kind: "excel", events: asked(unnamed) });
    expect(answers(unnamed)).toEqual(["Deny"]);
    expect(card(unnamed).getByText("Choose the folder in the Deskhand window.")).toBeTruthy();
  });

  it("is said where another one was attached", async () => {
    const events = asked(folderRequest);
    const settled: EventBody = {
      ...{ type: "permissionSettled", permission: folderRequest.id, choice: "allowOnce" },
      ...{ by: { person: "window" }, folder: "/srv/other" },
    };
    await open({ kind: "excel", events: [...events, ...numbered([settled], events.length + 1)] });
    const line = screen.getByText(/Another folder was attached/).textContent;
    expect(line).toMatch(/Allowed in the window, .*14:31\. Another folder was attached: \/srv\/other/);
  });
});

describe("the page and its native window", () => {
  class Native extends EventTarget implements NativeWindow {
    readonly said: unknown[] = [];
    readonly ipc = {
      postMessage: (message: string): void => {
        this.said.push(JSON.parse(message));
      },
    };
    says(detail: unknown): void {
      this.dispatchEvent(new CustomEvent("deskhand-window", { detail }));
    }
  }

  it("give each answer to the question of its number", async () => {
    const native = new Native();
    const shell = nativeShell(native);
    const folder = shell.pick?.("folder");
    const documents = shell.pick?.("documents");
    expect(native.said).toEqual([{ pick: { id: 1, what: "folder" } }, { pick: { id: 2, what: "documents" } }]);
    native.says({ type: "picked", id: 9, chosen: chosen("/srv/nobody") });
    native.says({ type: "picked", id: 2, chosen: chosen("/srv/a.xlsx") });
    native.says({ type: "picked", id: 1, chosen: chosen("/srv/plans") });
    expect((await folder)?.items[0]?.path).toBe("/srv/plans");
    expect((await documents)?.items[0]?.path).toBe("/srv/a.xlsx");
  });

  it("tell of drops as long as somebody listens", () => {
    const native = new Native();
    const watcher = { entered: vi.fn(), left: vi.fn(), dropped: vi.fn() };
    const stop = nativeShell(native).watchDrops?.(watcher);
    for (const type of ["dragEntered", "dragLeft"]) {
      native.says({ type });
    }
    native.says({ type: "dropped", chosen: chosen("/srv/plans") });
    stop?.();
    native.says({ type: "dragEntered" });
    expect(watcher.entered).toHaveBeenCalledTimes(1);
    expect(watcher.left).toHaveBeenCalledTimes(1);
    expect(watcher.dropped).toHaveBeenCalledWith(chosen("/srv/plans"));
  });

  it("are two things in a browser, where nothing is offered", () => {
    expect(nativeShell(new EventTarget())).toEqual({});
  });
});
