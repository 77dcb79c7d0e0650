// The configuration window on the service's own answers: what is shown, what is locked, and what happens to a draft.
import { cleanup, fireEvent, screen } from "@testing-library/react";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { userError } from "../../shared/src/client/rpc.ts";
import { takePlaceFromAddress, takeTokenFromAddress } from "../../shared/src/client/token.ts";
import type { ConfigurationAnswer, ConnectionTest } from "../../shared/src/generated/protocol.ts";
import { settingsOf } from "../../shared/src/session/configuration.ts";
import { searched, typedOf, valueOf } from "../../shared/src/text/setting.ts";
import { answers, checkOf } from "../configuration.ts";
import { direct, failing, name, passing } from "../connection-test.ts";
import { memoryOf, open, type Opened } from "../page.tsx";

afterEach(cleanup);

// Loaded once before, so that opening it takes no time of a test.
beforeAll(async () => {
  await import("../../shared/src/components/configuration/page.tsx");
});

async function show(answer: ConfigurationAnswer, kept: Record<string, string | undefined> = {}): Promise<Opened> {
  const opened = await open({ kind: "window", memory: memoryOf(kept) });
  opened.service
    .answer("configuration/get", () => answer)
    .answer("configuration/check", ({ changes }) => checkOf(answer, changes));
  await opened.run(() => fireEvent.click(button("Configuration")));
  await screen.findByText("Connection", { selector: "h1" });
  return opened;
}

/** A button by its name. Asking by role computes the names of hundreds of controls each time. */
function button(name: string): HTMLButtonElement {
  const all = [...document.querySelectorAll("button")];
  const found = all.find((each) => (each.getAttribute("aria-label") ?? each.textContent) === name);
  if (found === undefined) {
    throw new Error(`There is no button ${name}.`);
  }
  return found;
}

const box = (name: string): HTMLInputElement => screen.getByLabelText<HTMLInputElement>(name, { selector: "input, textarea" });
const press = (opened: Opened, name: string): Promise<void> => opened.run(() => fireEvent.click(button(name)));
const go = press;
const type = (opened: Opened, name: string, value: string): Promise<void> =>
  opened.run(() => fireEvent.change(box(name), { target: { value } }));
const heading = (): string => document.querySelector("h1")?.textContent ?? "";
const foot = (): string => document.querySelector(".configuration-foot")?.textContent ?? "";

const ADDRESS = "Inference gateway base URL";
const STEPS = "Deskhand max steps per turn";

describe("the pages", () => {
  it("show every setting of the service's table, each with its key and a name that is heard", async () => {
    const opened = await show(answers.own);
    const seen: string[] = [];
    for (const page of answers.own.pages) {
      await go(opened, page.title);
      expect(heading()).toBe(page.title);
      const folded = document.querySelector<HTMLButtonElement>("button[aria-expanded=false]:not([aria-haspopup])");
      if (folded !== null) {
        await opened.run(() => fireEvent.click(folded));
      }
      document.querySelectorAll<HTMLElement>("[data-key]").forEach((row) => {
        seen.push(row.dataset.key ?? "");
        const label = row.querySelector("label");
        expect(row.querySelector(`[id="${label?.htmlFor ?? ""}"]`), row.dataset.key).not.toBeNull();
      });
    }
    expect(seen.sort()).toEqual(settingsOf(answers.own).map(({ key }) => key).sort());
  });

  it("say of a setting without effect why, and offer no control for it", async () => {
    const opened = await show(answers.own);
    await go(opened, "Plugins & skills");
    const row = document.querySelector<HTMLElement>('[data-key="userPluginUploadsEnabled"]');
    expect(row?.textContent).toContain("No effect yet: this build does not have plugins.");
    expect(row?.querySelector("input")?.readOnly).toBe(true);
  });

  it("show a secret as kept or none, and never a value", async () => {
    await show(answers.managed);
    const key = box("Inference gateway API key");
    expect(key.value).toBe("Stored, never shown");
    expect(document.body.textContent).not.toContain("••••");
  });

  it("show headers that are kept as kept, and leave them where nothing is typed", async () => {
    const answer = structuredClone(answers.own);
    settingsOf(answer).filter(({ key }) => key === "otlpHeaders").forEach((setting) => {
      setting.value = "••••";
      setting.own = true;
    });
    const opened = await show(answer);
    await go(opened, "Telemetry & updates");
    const field = document.querySelector<HTMLTextAreaElement>('[data-key="otlpHeaders"] textarea');
    if (field === null) {
      throw new Error("There is no field.");
    }
    expect([field.value, field.placeholder]).toEqual(["", "Stored, never shown"]);
    await opened.run(() => fireEvent.change(field, { target: { value: '{"x-key":"new"}' } }));
    expect(opened.calls("configuration/check").at(-1)).toEqual({ changes: { otlpHeaders: { "x-key": "new" } } });
    await opened.run(() => fireEvent.change(field, { target: { value: "" } }));
    expect(foot()).toContain("No changes");
  });

  it("are searched by name, key and words of the description", async () => {
    const opened = await show(answers.own);
    await opened.run(() => fireEvent.change(screen.getByLabelText("Search settings"), { target: { value: "maxsteps" } }));
    expect(heading()).toBe("1 setting found for “maxsteps”");
    expect(box(STEPS)).toBeTruthy();
    expect(searched(answers.own, "gateway key").length).toBeGreaterThan(0);
    await opened.run(() => fireEvent.change(screen.getByLabelText("Search settings"), { target: { value: "zebra" } }));
    expect(screen.getByText(/No setting has these words/)).toBeTruthy();
  });

  it("show what is recorded on this computer, what closes it, and what is closed", async () => {
    const opened = await show(answers.own);
    const kept = { category: "Crashes and times", key: "disableEssentialTelemetry", closed: false, count: 300 };
    const shut = { category: "Figures of use", key: "disableNonessentialTelemetry", closed: true, count: 0, records: [] };
    opened.service.answer("diagnostics/show", () => ({ categories: [{ ...kept, records: ['{"event":"timing"}', '{"event":"exit"}'] }, shut] }));
    await go(opened, "Telemetry & updates");
    const table = screen.getByRole("region", { name: "What Deskhand records about itself" }).textContent;
    expect(table).toContain("Show the newest 2 of 300");
    expect(table).toContain('{"event":"timing"}\n{"event":"exit"}');
    expect(table).toContain("Closed: nothing is recorded");
    expect(table).toContain("disableNonessentialTelemetry");
  });

  it("list every way out with its key, also those that are closed", async () => {
    const opened = await show(answers.managed);
    await go(opened, "Egress requirements");
    const rows = [...document.querySelectorAll("tbody tr")];
    expect(rows).toHaveLength(answers.managed.egress.length);
    const gateway = rows.find((row) => row.textContent.includes("Streams the model's answers from the gateway"));
    expect(gateway?.textContent).toContain("gateway.example.com");
    expect(gateway?.textContent).toContain("Open");
    expect(rows.some((row) => row.textContent.includes("Closed"))).toBe(true);
  });

  it("say of a way to every host that every port is open", async () => {
    const [way] = answers.managed.egress;
    if (way === undefined) {
      throw new Error("There is no way out.");
    }
    const egress = [
      { ...way, destination: "a", host: "*", ports: [] },
      { ...way, destination: "b", host: "*.example.com", ports: [80, 443] },
    ];
    const opened = await show({ ...answers.managed, egress });
    await go(opened, "Egress requirements");
    const ports = [...document.querySelectorAll("tbody td.num")].map((cell) => cell.textContent);
    expect(ports).toEqual(["All", "80, 443"]);
  });
});

describe("a locked setting", () => {
  it("stays readable and focusable, and its padlock says who, why, which key, from where, and whom to ask", async () => {
    const opened = await show(answers.managed);
    const field = box(ADDRESS);
    expect([field.readOnly, field.disabled, field.value]).toEqual([true, false, "https://gateway.example.com/v1"]);
    const padlock = `${ADDRESS} is set by your organisation: reason`;
    await press(opened, padlock);
    const said = document.querySelector<HTMLElement>(`.padlock[aria-label="${padlock}"]`)?.textContent ?? "";
    for (const part of ["“Requests stay on our own network.”", "inferenceGatewayBaseUrl", "Machine policy, read", "/etc/deskhand/managed-settings.json", "it-help@example.com"]) {
      expect(said).toContain(part);
    }
  });

  it("is counted on its page, and what the organisation opens is not locked", async () => {
    await show(answers.managed);
    const settings = answers.managed.pages[0]?.sections.flatMap((section) => section.settings) ?? [];
    const fixed = settings.filter(({ locked }) => locked).length;
    expect(screen.getByText(new RegExp(`${fixed} of ${settings.length} settings on this page`))).toBeTruthy();
    expect(box("Inference stream idle timeout").readOnly).toBe(false);
  });
});

describe("a draft", () => {
  it("is checked as it is typed, counted in the foot, and applied on the state it is based on", async () => {
    const opened = await show(answers.own);
    expect(foot()).toContain("No changes");
    await go(opened, "Usage limits");
    await type(opened, STEPS, "70");
    expect(opened.calls("configuration/check").at(-1)).toEqual({ changes: { deskhandMaxStepsPerTurn: 70 } });
    expect(foot()).toContain(`1 change not applied yet: ${STEPS}: 50 to 70. Running turns end first.`);
    opened.service.answer("configuration/apply", () => answers.own);
    await press(opened, "Apply");
    expect(opened.calls("configuration/apply")).toEqual([
      { version: answers.own.version, changes: { deskhandMaxStepsPerTurn: 70 } },
    ]);
    expect(foot()).toContain("Applied");
  });

  it("says what is wrong beside the setting, and is not applied with it", async () => {
    const opened = await show(answers.own);
    await type(opened, ADDRESS, "ftp://gateway.example.com");
    const row = document.querySelector<HTMLElement>('[data-key="inferenceGatewayBaseUrl"]');
    expect(row?.textContent).toContain("The address has another scheme");
    expect(box(ADDRESS).getAttribute("aria-invalid")).toBe("true");
    expect(foot()).toContain("Correct 1 setting first.");
    await press(opened, "Apply");
    expect(opened.calls("configuration/apply")).toEqual([]);
  });

  it("has no change where a value is typed back, and loses one change or all of them", async () => {
    const opened = await show(answers.own);
    await type(opened, ADDRESS, "https://other.example.com");
    await type(opened, ADDRESS, "https://gateway.example.com/v1");
    expect(foot()).toContain("No changes");
    await type(opened, ADDRESS, "https://other.example.com");
    await press(opened, `Take back the change: ${ADDRESS}`);
    expect(foot()).toContain("No changes");
    await press(opened, `Use the default: ${ADDRESS}`);
    expect(opened.calls("configuration/check").at(-1)).toEqual({ changes: { inferenceGatewayBaseUrl: null } });
    await press(opened, "Discard");
    expect(box(ADDRESS).value).toBe("https://gateway.example.com/v1");
  });

  it("stays when the page is left, is loaded anew, or is refused as stale", async () => {
    const kept: Record<string, string | undefined> = {};
    const opened = await show(answers.own, kept);
    await type(opened, ADDRESS, "https://other.example.com");
    await press(opened, "Back to the sessions");
    await press(opened, "Configuration");
    expect(box(ADDRESS).value).toBe("https://other.example.com");
    opened.service.refuse("configuration/apply", userError("CFG_STALE"));
    await press(opened, "Apply");
    expect(screen.getByText(/changed somewhere else meanwhile/)).toBeTruthy();
    expect(foot()).toContain("1 change not applied yet");
    cleanup();
    await show(answers.own, kept);
    expect(box(ADDRESS).value).toBe("https://other.example.com");
  });

  it("keeps a secret only as long as the page lives", async () => {
    const kept: Record<string, string | undefined> = {};
    const opened = await show(answers.own, kept);
    await type(opened, "Inference gateway API key", "a-secret");
    expect(opened.calls("configuration/check").at(-1)).toEqual({ changes: { inferenceGatewayApiKey: "a-secret" } });
    expect(JSON.stringify(kept)).not.toContain("a-secret");
  });

  it.each([
    ["Connectors & extensions", "managedMcpServers", '[{"name":"docs","transport":"http","headers":{"x-key":"a-secret"}}]'],
    ["Telemetry & updates", "otlpHeaders", '{"x-key":"a-secret"}'],
  ])("keeps of %s what may hold a secret only as long as the page lives: %s", async (page, key, value) => {
    const kept: Record<string, string | undefined> = {};
    const opened = await show(answers.own, kept);
    await type(opened, ADDRESS, "https://other.example.com");
    await go(opened, page);
    const field = document.querySelector<HTMLTextAreaElement>(`[data-key="${key}"] textarea`);
    if (field === null) {
      throw new Error(`There is no field for ${key}.`);
    }
    await opened.run(() => fireEvent.change(field, { target: { value } }));
    expect(JSON.stringify(opened.calls("configuration/check").at(-1))).toContain("a-secret");
    expect(JSON.stringify(kept)).toContain("https://other.example.com");
    expect(JSON.stringify(kept)).not.toContain("a-secret");
  });

  it("keeps no secret of a draft that was there before the settings were known", async () => {
    const kept: Record<string, string | undefined> = {
      configuration: JSON.stringify({ otlpHeaders: { "x-key": "a-secret" }, deskhandMaxStepsPerTurn: 70 }),
    };
    await show(answers.own, kept);
    expect(kept.configuration).toBe(JSON.stringify({ deskhandMaxStepsPerTurn: 70 }));
  });

  it("drops what the settings have by now, when the connection comes back", async () => {
    const opened = await show(answers.own);
    await type(opened, ADDRESS, "https://other.example.com");
    const now = structuredClone(answers.own);
    settingsOf(now).filter(({ key }) => key === "inferenceGatewayBaseUrl").forEach((setting) => {
      setting.value = "https://other.example.com";
    });
    opened.service.answer("configuration/get", () => now);
    await opened.run(() => {
      opened.network.cut();
    });
    await opened.run(() => {
      opened.clock.advance(10_000);
    });
    expect(foot()).toContain("No changes");
  });
});

describe("a service that starts anew under its new settings", () => {
  const back = (opened: Opened): Promise<void> =>
    opened.run(() => {
      opened.network.reachable = true;
      opened.clock.advance(10_000);
    });

  /** A service that is away, and answers nothing before. */
  async function away(opened: Opened, method: "configuration/save" | "configuration/apply", pressed: string): Promise<void> {
    opened.service.answer(method, () => new Promise(() => undefined));
    await press(opened, pressed);
    opened.network.reachable = false;
    await opened.run(() => {
      opened.network.cut();
    });
  }

  it.each(["while it answers", "while it is away"])("saves the file that was asked for %s", async (moment) => {
    const opened = await show(answers.own);
    await go(opened, "Source");
    if (moment === "while it answers") {
      await away(opened, "configuration/save", "Save: JSON");
    } else {
      opened.network.reachable = false;
      await opened.run(() => {
        opened.network.cut();
      });
      await press(opened, "Save: JSON");
    }
    expect(screen.queryByText(/Saved as/)).toBeNull();
    opened.service.answer("configuration/save", () => ({ path: "/home/ann/Downloads/deskhand.json", leftOut: [] }));
    await back(opened);
    expect(screen.getByText("Saved as /home/ann/Downloads/deskhand.json")).toBeTruthy();
  });

  it("never applies a draft twice, and goes on saying that it did not", async () => {
    const opened = await show(answers.own);
    await type(opened, ADDRESS, "https://other.example.com");
    await away(opened, "configuration/apply", "Apply");
    await back(opened);
    expect(opened.calls("configuration/apply")).toHaveLength(1);
    expect(screen.getByText(/The Deskhand service does not answer/)).toBeTruthy();
    expect(foot()).toContain("1 change not applied yet");
  });

  it("complains of nothing where the draft turns out to be applied", async () => {
    const opened = await show(answers.own);
    await type(opened, ADDRESS, "https://other.example.com");
    await away(opened, "configuration/apply", "Apply");
    expect(screen.getAllByText(/The Deskhand service does not answer/)).not.toEqual([]);
    const now = structuredClone(answers.own);
    settingsOf(now).filter(({ key }) => key === "inferenceGatewayBaseUrl").forEach((setting) => {
      setting.value = "https://other.example.com";
    });
    opened.service.answer("configuration/get", () => now);
    await back(opened);
    expect(screen.queryByText(/The Deskhand service does not answer/)).toBeNull();
    expect(foot()).toContain("No changes");
  });
});

describe("the test of the connection", () => {
  const TEST = "Test connection";
  const report = (): string => screen.queryByLabelText("Test of the connection")?.textContent ?? "";

  /** A test that ends when the function is called. */
  function underWay(opened: Opened): (outcome: ConnectionTest) => void {
    let end: (outcome: ConnectionTest) => void = () => undefined;
    opened.service.answer("provider/test", () => new Promise((resolve) => (end = resolve)));
    return (outcome) => {
      end(outcome);
    };
  }

  it("shows each step as it ends, then all of them, with the draft as what is tested", async () => {
    const opened = await show(answers.own);
    const end = underWay(opened);
    await type(opened, ADDRESS, "https://other.example.com");
    await press(opened, TEST);
    expect(opened.calls("provider/test")).toEqual([
      { changes: { inferenceGatewayBaseUrl: "https://other.example.com" } },
    ]);
    expect(report()).toContain("Name (DNS)asking");
    await opened.run(() => {
      opened.service.notify("provider/tested", name);
      opened.service.notify("provider/tested", direct);
    });
    expect(report()).toContain("Passed, 12 msgateway.example.com is 10.1.2.3.");
    expect(report()).toContain("Not needed");
    expect(report()).toContain("Connection (TLS)asking");
    expect(report()).not.toContain("Model list");
    await opened.run(() => {
      end(passing);
    });
    expect(report()).toContain("The connection works");
    expect(report()).toContain("claude-example answered: tokens read 8, written 1.");
    expect(report()).not.toContain("asking");
  });

  it("says below the step that failed what to do, and that the steps behind it were not tried", async () => {
    const opened = await show(answers.own);
    opened.service.answer("provider/test", () => failing);
    await press(opened, TEST);
    expect(report()).toContain("The connection does not work");
    const failed = document.querySelector('[data-state="failed"]')?.textContent;
    expect(failed).toContain("Sign-inFailed, 182 ms");
    expect(failed).toContain("INF_AUTH");
    expect(failed).toContain("It comes from inferenceGatewayApiKey.");
    expect(document.querySelectorAll('[data-state="skipped"]').length).toBe(2);
    await press(opened, "Close");
    expect(report()).toBe("");
    expect(opened.calls("provider/cancelTest")).toEqual([]);
  });

  it("takes a later word about a step in place of the earlier one", async () => {
    const opened = await show(answers.own);
    underWay(opened);
    await press(opened, TEST);
    await opened.run(() => {
      opened.service.notify("provider/tested", name);
      opened.service.notify("provider/tested", { ...name, seen: "gateway.example.com is 10.9.9.9." });
    });
    expect(report()).toContain("10.9.9.9");
    expect(report()).not.toContain("10.1.2.3");
  });

  it("is ended by Stop, and what comes late of it is not shown", async () => {
    const opened = await show(answers.own);
    const end = underWay(opened);
    await press(opened, TEST);
    expect(button(TEST).title).toBe("Testing the connection");
    await press(opened, TEST);
    expect(opened.calls("provider/test").length).toBe(1);
    await press(opened, "Stop");
    expect(opened.calls("provider/cancelTest")).toEqual([{}]);
    await opened.run(() => {
      opened.service.notify("provider/tested", name);
      end(failing);
    });
    expect(report()).toBe("");
  });

  it("is ended by leaving the page", async () => {
    const opened = await show(answers.own);
    underWay(opened);
    await press(opened, TEST);
    await go(opened, "Workspace");
    expect(opened.calls("provider/cancelTest")).toEqual([{}]);
    await go(opened, "Connection");
    expect(report()).toBe("");
  });

  it("says why nobody was asked where the settings let no session start", async () => {
    const opened = await show(answers.own);
    const stopped = userError("POL_NOT_ENFORCEABLE");
    opened.service.answer("provider/test", () => ({ ...failing, stopped }));
    await press(opened, TEST);
    expect(report()).toContain("Nobody was asked.");
    expect(report()).toContain(stopped.happened);
    expect(document.querySelector("[data-state]")).toBeNull();
  });

  it("that another window has under way is told as such", async () => {
    const opened = await show(answers.own);
    opened.service.refuse("provider/test", userError("INF_TESTING"));
    await press(opened, TEST);
    expect(screen.getByText("A test of the connection is under way.")).toBeTruthy();
    expect(report()).toBe("");
  });
});

describe("files", () => {
  it("are taken into the draft, with what is not taken over, and nothing is applied", async () => {
    const opened = await show(answers.own);
    await go(opened, "Source");
    const differences = [{ key: "noSuchKey", line: 7, sentence: "Not taken over: no such key." }];
    opened.service.answer("configuration/import", () => ({
      changes: { deskhandMaxStepsPerTurn: 60 },
      differences,
      reaches: [{ key: "otlpEndpoint", line: 3, sentence: "Connects to, or lets through: https://otel.example.com" }],
    }));
    await type(opened, "Or paste its text", '{"deskhandMaxStepsPerTurn": 60}');
    await press(opened, "Take over the text");
    expect(opened.calls("configuration/import")).toEqual([
      { name: "", bytes: btoa('{"deskhandMaxStepsPerTurn": 60}') },
    ]);
    expect(screen.getByText("1 change from the file is in the draft.")).toBeTruthy();
    expect(screen.getByText(/Not taken over: no such key/).textContent).toContain("line 7");
    const reaches = screen.getByRole("list", { name: /Look at these before you apply/ });
    expect(reaches.textContent).toContain("otlpEndpoint Connects to, or lets through: https://otel.example.com line 3");
    expect(foot()).toContain("1 change not applied yet");
    expect(opened.calls("configuration/apply")).toEqual([]);
  });

  it("are offered in every form that the service names, and asked for with the draft", async () => {
    const opened = await show(answers.own);
    await type(opened, ADDRESS, "https://other.example.com");
    await go(opened, "Source");
    let copied = "";
    Object.assign(navigator, { clipboard: { writeText: (text: string) => Promise.resolve(void (copied = text)) } });
    opened.service.answer("configuration/export", ({ format }) => ({
      // "ä" in UTF-16 with a byte order mark, as registry files have it.
      file: { name: format, bytes: btoa("\u00ff\u00fe\u00e4\u0000") },
      leftOut: ["inferenceGatewayApiKey", "managedMcpServers/docs/headers/x-key"],
    }));
    for (const { title, holds } of answers.own.exports.filter((form) => form.holds !== "egress")) {
      expect(button(`Save: ${title}`), holds).toBeTruthy();
    }
    await press(opened, "Copy: Windows registry file");
    expect(opened.calls("configuration/export")).toEqual([
      { format: "reg", changes: { inferenceGatewayBaseUrl: "https://other.example.com" } },
    ]);
    expect(copied).toBe("ä");
    expect(
      screen.getByText(/Left out, because it is secret: inferenceGatewayApiKey, managedMcpServers\/docs\/headers\/x-key/),
    ).toBeTruthy();
    opened.service.answer("configuration/save", () => ({ path: "/home/ann/Downloads/deskhand.reg", leftOut: [] }));
    await press(opened, "Save: Windows registry file");
    expect(opened.calls("configuration/save")).toEqual(opened.calls("configuration/export"));
    expect(screen.getByText("Saved as /home/ann/Downloads/deskhand.reg")).toBeTruthy();
    opened.service.refuse("configuration/save", userError("CFG_SAVE"));
    await press(opened, "Save: Windows registry file");
    expect(screen.queryByText(/Saved as/)).toBeNull();
    expect(screen.getByText(/could not be saved in your downloads/)).toBeTruthy();
  });

  it("with faults are told by place and line", async () => {
    const problem = { key: "deskhandPairing", place: "settings.json", line: 3, sentence: "Expected once or always.", weight: "note" as const };
    const opened = await show({ ...answers.own, problems: [problem] });
    await go(opened, "Source");
    expect(screen.getByText("settings.json", { selector: "li bdi" }).parentElement?.textContent).toBe("settings.json, line 3");
  });
});

describe("values", () => {
  const of = (key: string) => {
    const setting = settingsOf(answers.own).find((one) => one.key === key);
    if (setting === undefined) {
      throw new Error(key);
    }
    return setting;
  };

  it.each([
    ["deskhandMaxStepsPerTurn", "70", 70],
    ["deskhandMaxStepsPerTurn", "many", "many"],
    ["deskhandMaxStepsPerTurn", "", null],
    ["inferenceModels", "one\n\n two ", ["one", "two"]],
    ["inferenceModels", 'one\n{"name":"two"}', ["one", { name: "two" }]],
    ["inferenceModels", "", null],
    ["disabledBuiltinTools", "", []],
    ["builtinToolPolicy", '{"Edit":"ask"}', { Edit: "ask" }],
    ["builtinToolPolicy", "{", "{"],
  ])("of %s are read from %j", (key, typed, value) => {
    expect(valueOf(of(key), typed)).toEqual(value);
    if (value !== null) {
      expect(valueOf(of(key), typedOf(of(key).input, value))).toEqual(value);
    }
  });
});

describe("the address", () => {
  it.each([
    ["#configuration", "configuration", ["#"]],
    ["#token=abc&configuration", "configuration", []],
    ["#token=abc", undefined, []],
    ["", undefined, []],
  ])("%j names %j", (hash, place, replaced) => {
    const to: string[] = [];
    const location = { hash, replace: (address: string | URL) => to.push(String(address)) };
    expect(takePlaceFromAddress(location)).toBe(place);
    expect(to).toEqual(replaced);
    if (hash.includes("token")) {
      expect(takeTokenFromAddress(location)).toBe("abc");
    }
  });
});
