// The stage of the live tests: certificates, the pane's files, Chromium, and a document that is open in the host page.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser, Frame, Page } from "playwright-core";
import type { Answer, Operation, Refusal } from "@deskhand/shared/generated/protocol.ts";
import { launch, openPage, paneOf } from "../support/browser.ts";
import { type Certificates, makeCertificates, TrustingHome } from "../support/certificates.ts";
import { FileServer } from "../support/files.ts";
import { buildOfficeHost, OfficeHost, repository } from "../support/office-host.ts";

const web = resolve(import.meta.dirname, "../..");

/** What all tests of a file share. */
export class Stage {
  /** Hosts of tests that failed are still there at the end. */
  private readonly hosts: OfficeHost[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), "deskhand-live-"));

  private constructor(
    private readonly program: string,
    readonly certificates: Certificates,
    private readonly home: TrustingHome,
    private readonly files: FileServer,
    readonly browser: Browser,
  ) {}

  static async set(): Promise<Stage> {
    const program = buildOfficeHost();
    for (const config of ["testhost/vite.config.ts", "tests/live/vite.config.ts"]) {
      execFileSync("npx", ["vite", "build", "--logLevel", "warn", "--config", config], { cwd: web, stdio: "inherit" });
    }
    const certificates = makeCertificates(program, mkdtempSync(join(tmpdir(), "deskhand-certificates-")));
    const home = new TrustingHome(certificates.authority);
    const files = await FileServer.start(certificates, {
      "/": resolve(repository, "target/web-livepane"),
      "/office-js/": resolve(web, "node_modules/@microsoft/office-js/dist"),
    });
    return new Stage(program, certificates, home, files, await launch(home.path));
  }

  async open(document: string): Promise<Scene> {
    const host = await OfficeHost.start({
      program: this.program,
      document,
      pane: this.files.url,
      certificates: this.certificates,
    });
    this.hosts.push(host);
    const trouble: string[] = [];
    const page = await openPage(this.browser, host.url, trouble);
    return new Scene(host, page, await paneOf(page), document, trouble);
  }

  async strike(): Promise<void> {
    await this.browser.close();
    await Promise.all(this.hosts.map((host) => host.stop()));
    this.files.stop();
    this.home.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** One document that is open, with its pane. */
export class Scene {
  constructor(
    readonly host: OfficeHost,
    readonly page: Page,
    public pane: Frame,
    readonly document: string,
    readonly trouble: string[],
  ) {}

  /** What the pane answers to an operation. */
  async outcome(operation: Operation, expected?: string): Promise<{ answer?: Answer; refusal?: Refusal }> {
    return this.pane.evaluate(
      ([given, mark]) => window.documentHost?.perform(given, mark) as Promise<{ answer?: Answer; refusal?: Refusal }>,
      [operation, expected] as const,
    );
  }

  /** The answer to an operation that is to be done. */
  async perform<T = Answer>(operation: Operation, expected?: string): Promise<T> {
    const { answer, refusal } = await this.outcome(operation, expected);
    if (answer === undefined) {
      throw new Error(`${operation.op} was refused: ${JSON.stringify(refusal)}`);
    }
    return answer as T;
  }

  /** The refusal of an operation that is not to be done. */
  async refusal(operation: Operation, expected?: string): Promise<Refusal> {
    const { answer, refusal } = await this.outcome(operation, expected);
    if (refusal === undefined) {
      throw new Error(`${operation.op} was done: ${JSON.stringify(answer)}`);
    }
    return refusal;
  }

  /** Waits for the pane that was loaded in place of the former one. */
  async renew(): Promise<void> {
    const former = this.pane;
    while (!former.isDetached()) {
      await this.page.waitForEvent("framedetached");
    }
    this.pane = await paneOf(this.page);
  }

  /** Ends the scene; what office.js called and the host does not have, or what went wrong in a page, fails the test. */
  async end(): Promise<void> {
    const { missing } = await this.host.log();
    await this.page.close();
    await this.host.stop();
    if (missing.length > 0 || this.trouble.length > 0) {
      throw new Error(`not in the host: ${missing.join(" ")}; trouble: ${this.trouble.join(" | ")}`);
    }
  }
}
