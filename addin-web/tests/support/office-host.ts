// The Office host of tests as a process, and its commands: what a person would do, and the switches for faults.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { request } from "node:https";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Certificates } from "./certificates.ts";

export const repository = resolve(import.meta.dirname, "../../..");
/** The built host page. */
export const hostPage = resolve(repository, "target/web-testhost");

/** Builds the host's program and answers where it is. */
export function buildOfficeHost(): string {
  const given = process.env.DESKHAND_OFFICE_HOST;
  if (given !== undefined) {
    return given;
  }
  const build = ["build", "-q", "-p", "deskhand-standins", "--bin", "deskhand-office-host", "--message-format=json"];
  const output = execFileSync("cargo", build, { cwd: repository, encoding: "utf8", maxBuffer: 1 << 28 });
  const built = output
    .split("\n")
    .filter((line) => line.includes('"executable":"') && line.includes("deskhand-office-host"))
    .map((line) => (JSON.parse(line) as { executable: string }).executable);
  const program = built.at(-1);
  if (program === undefined) {
    throw new Error("cargo did not say where the Office host is.");
  }
  return program;
}

export interface StartOptions {
  program: string;
  document: string;
  pane: string;
  certificates: Certificates;
  autosave?: boolean;
  port?: number | undefined;
  /** The address of another host, which the tour's page shows too. */
  beside?: string | undefined;
}

export interface HostState {
  path: string;
  title: string;
  savedAt: number;
  dirty: boolean;
  editMode: boolean;
}

export class OfficeHost {
  private constructor(
    private readonly child: ChildProcess,
    /** The address of the host page. */
    readonly url: string,
    private readonly certificates: Certificates,
  ) {}

  static async start(options: StartOptions): Promise<OfficeHost> {
    const { certificates } = options;
    const child = spawn(
      options.program,
      [
        ...["--document", options.document, "--port", String(options.port ?? 0), "--pane", options.pane],
        ...["--web", hostPage, "--cert", certificates.certificate, "--key", certificates.key],
        ...(options.beside === undefined ? [] : ["--beside", options.beside]),
        ...(options.autosave === true ? ["--autosave"] : []),
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const lines = createInterface({ input: child.stdout });
    const url = await new Promise<string>((resolveUrl, reject) => {
      lines.once("line", (line) => resolveUrl((JSON.parse(line) as { url: string }).url));
      child.once("exit", (code) => reject(new Error(`The Office host ended with ${String(code)}.`)));
    });
    return new OfficeHost(child, url, certificates);
  }

  /** A person types into a cell. */
  type(address: string, value: string | number | boolean): Promise<void> {
    return this.command("type", { address, value });
  }

  /** A person selects an address with sheet, or `slide:<id>`. */
  select(address: string): Promise<void> {
    return this.command("select", { address });
  }

  /** A person begins or ends editing a cell; batches of the pane fail meanwhile. */
  editMode(on: boolean): Promise<void> {
    return this.command("editMode", { on });
  }

  save(): Promise<HostState> {
    return this.command("save");
  }

  state(): Promise<HostState> {
    return this.command("state");
  }

  /** The next batch that changes the document is done, and the pane is loaded anew instead of getting its answer. */
  reloadPaneBeforeAnswer(): Promise<void> {
    return this.command("reloadPaneBeforeAnswer");
  }

  /** Batches, and the members that were called and are not there. */
  log(): Promise<{ batches: { request: string; error: unknown }[]; missing: string[] }> {
    return this.command("log");
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) {
      return;
    }
    const ended = new Promise((resolveEnd) => this.child.once("exit", resolveEnd));
    this.child.kill();
    await ended;
  }

  private command<T>(op: string, fields: object = {}): Promise<T> {
    return new Promise((resolveAnswer, reject) => {
      const options = { method: "POST", ca: readFileSync(this.certificates.authority), headers: { "content-type": "application/json" } };
      const sent = request(`${this.url}control`, options, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.on("end", () => {
          if (response.statusCode === 200) {
            resolveAnswer(JSON.parse(text) as T);
          } else {
            reject(new Error(`${op}: ${String(response.statusCode)} ${text}`));
          }
        });
      });
      sent.on("error", reject);
      sent.end(JSON.stringify({ op, ...fields }));
    });
  }
}
