// A small static server over TLS, for panes that a test serves without the service.
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import type { Certificates } from "./certificates.ts";

const TYPES: Partial<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

export class FileServer {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  /** Serves folders under prefixes, the longest prefix first. */
  static async start(certificates: Certificates, folders: Record<string, string>): Promise<FileServer> {
    const prefixes = Object.keys(folders).sort((one, other) => other.length - one.length);
    const identity = { cert: readFileSync(certificates.certificate), key: readFileSync(certificates.key) };
    const server = createServer(identity, (incoming, outgoing) => {
      const { pathname } = new URL(incoming.url ?? "/", "https://localhost");
      const prefix = prefixes.find((start) => pathname.startsWith(start));
      const folder = prefix === undefined ? undefined : folders[prefix];
      const rest = normalize(pathname.slice(prefix?.length ?? 0) || "index.html");
      const path = folder === undefined || rest.startsWith("..") ? undefined : join(folder, rest.endsWith("/") ? `${rest}index.html` : rest);
      if (path === undefined || !existsSync(path) || !statSync(path).isFile()) {
        outgoing.writeHead(404).end();
        return;
      }
      outgoing.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" });
      createReadStream(path).pipe(outgoing);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    return new FileServer(server, `https://localhost:${(server.address() as AddressInfo).port}/`);
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
