// The service as a process with a home of its own, and the gateway that it reaches: a stand-in that plays a script.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { repository } from "./office-host.ts";

/** The built pages. */
const pages = resolve(repository, "target/web");
const officeScripts = resolve(repository, "addin-web/node_modules/@microsoft/office-js/dist");

/** Shows a copy of `/etc` with the administrator's file in it, then becomes the program. */
const MANAGED = `
etc="$DESKHAND_HOME/etc"
mkdir -p "$etc/deskhand"
cp -r /etc/. "$etc/" 2>/dev/null
install -m 644 "$DESKHAND_HOME/managed-settings.json" "$etc/deskhand/"
chmod 755 "$etc" "$etc/deskhand"
mount --bind "$etc" /etc && exec "$@"`;

/** Builds a program of the workspace and answers where it is. */
export function buildProgram(crate: string, name: string): string {
  const build = ["build", "-q", "-p", crate, "--bin", name, "--message-format=json"];
  const output = execFileSync("cargo", build, { cwd: repository, encoding: "utf8", maxBuffer: 1 << 28 });
  const built = output
    .split("\n")
    .filter((line) => line.includes('"executable":"'))
    .map((line) => JSON.parse(line) as { executable: string; target: { name: string } })
    .filter((line) => line.target.name === name)
    .map((line) => line.executable);
  const program = built.at(-1);
  if (program === undefined) {
    throw new Error(`cargo did not say where ${name} is.`);
  }
  return program;
}

/** The first line that a process prints. */
function firstLine(child: ChildProcess, name: string): Promise<string> {
  return new Promise((resolveLine, reject) => {
    const output = child.stdout;
    if (output === null) {
      throw new Error(`${name} has no output.`);
    }
    createInterface({ input: output }).once("line", resolveLine);
    child.once("exit", (code, signal) => reject(new Error(`${name} ended with ${String(code ?? signal)}.`)));
  });
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const ended = new Promise((resolveEnd) => child.once("exit", resolveEnd));
  child.kill(signal);
  await ended;
}

/** A gateway that plays a script. */
export class Gateway {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(program: string, script: string): Promise<Gateway> {
    const child = spawn(program, ["gateway", "--script", script], { stdio: ["ignore", "pipe", "inherit"] });
    const { url } = JSON.parse(await firstLine(child, "The gateway")) as { url: string };
    return new Gateway(child, url);
  }

  /** Requests that the script did not expect. */
  async unexpected(): Promise<unknown[]> {
    const log = (await (await fetch(`${this.url}/__log`)).json()) as {
      outcome: unknown;
      body: { messages?: unknown[] } | null;
    }[];
    return log
      .filter(({ outcome }) => typeof outcome === "object" && outcome !== null && "unexpected" in outcome)
      .map(({ outcome, body }) => ({ outcome, newest: body?.messages?.at(-1) }));
  }

  stop(): Promise<void> {
    return end(this.child, "SIGTERM");
  }
}

/** The service. Its home stays when it is stopped or killed, so that it can be started again. */
export class Service {
  readonly home = mkdtempSync(join(tmpdir(), "deskhand-e2e-"));
  private child: ChildProcess | undefined;
  private port = 0;
  private readonly environment: NodeJS.ProcessEnv;
  /** What starts it: the program, or what makes a place for it first. */
  private command: readonly [string, ...string[]];

  constructor(
    program: string,
    private readonly testHosts: string[] = [],
  ) {
    this.command = [program];
    this.environment = { ...process.env, DESKHAND_HOME: this.home, HOME: this.home };
  }

  /** Points it at a gateway. */
  configure(gateway: string, key: string): void {
    this.run(["config", "set", "inferenceProvider", "gateway"]);
    this.run(["config", "set", "inferenceGatewayBaseUrl", gateway]);
    this.run(["config", "set", "inferenceGatewayApiKey"], key);
  }

  /** Puts it under an administrator's file, in a mount namespace of its own: that of the computer stays as it is. */
  manage(settings: object): void {
    const [program] = this.command;
    writeFileSync(join(this.home, "managed-settings.json"), JSON.stringify(settings));
    this.command = ["unshare", "-rm", "sh", "-c", MANAGED, "sh", program];
  }

  /** Runs the terminal front end and answers what it printed. */
  run(args: string[], input = ""): string {
    const [program, ...before] = this.command;
    return execFileSync(program, [...before, ...args], { env: this.environment, input, encoding: "utf8" });
  }

  /** Starts it; after the first time on the same port, so that front ends find it again. office.js is our copy, or where the settings say. */
  async start(args: string[] = [], ownScripts = true): Promise<string> {
    mkdirSync(this.home, { recursive: true });
    const hosts = this.testHosts.flatMap((origin) => ["--test-host-origin", origin]);
    const scripts = ownScripts ? ["--office-js", officeScripts] : [];
    const options = ["--port", String(this.port), "--web", pages, ...scripts, ...hosts, ...args];
    const [program, ...before] = this.command;
    this.child = spawn(program, [...before, "serve", "--ready-json", ...options], {
      env: { ...this.environment, DESKHAND_LOG: process.env.DESKHAND_LOG ?? "warn" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const { address } = JSON.parse(await firstLine(this.child, "The service")) as { address: string };
    this.port = Number(new URL(address).port);
    return address;
  }

  /** The authority that the service made, PEM. */
  get authority(): string {
    return join(this.home, "data/authority.pem");
  }

  /** The address of the window's page with its token, from the local channel. */
  windowAddress(): Promise<string> {
    return new Promise((resolveAddress, reject) => {
      const socket = connect(join(this.home, "run/service.sock"));
      socket.once("error", reject);
      createInterface({ input: socket }).once("line", (line) => {
        const { address, token } = JSON.parse(line) as { address: string; token: string };
        resolveAddress(`${address}/desktop/#token=${token}`);
        socket.end();
      });
      socket.write('{"frontEnd":"window"}\n');
    });
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    if (this.child !== undefined) {
      await end(this.child, "SIGKILL");
    }
  }

  async stop(): Promise<void> {
    if (this.child !== undefined) {
      await end(this.child, "SIGTERM");
    }
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** A port on the loopback address that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolvePort(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
