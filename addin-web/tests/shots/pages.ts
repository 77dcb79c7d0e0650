// Serves the built pages as the service does: a nonce and a strict policy; the socket is scripted.
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, normalize, resolve } from "node:path";
import type { Page } from "playwright-core";
import type { FakeService } from "../fake-service.ts";

const WEB = resolve(import.meta.dirname, "../../../target/web");
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** These pictures are of the pane by itself: no Office answers, and the pane does not wait for it. */
const OFFICE_THAT_NEVER_COMES = "globalThis.Office = { onReady: () => new Promise(() => undefined) };";

/** The policy of the real pages, with no place for office.js: the host of a pane is not part of these pictures. */
function policy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

export async function serve(): Promise<{ server: Server; origin: string }> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    const file = path.startsWith("/assets/") ? path : `${path.replace(/\/$/, "")}/index.html`;
    if (path === "/office-js/office.js") {
      response.setHeader("content-type", "text/javascript");
      response.end(OFFICE_THAT_NEVER_COMES);
      return;
    }
    readFile(`${WEB}${file}`).then(
      (body) => {
        const nonce = crypto.randomUUID();
        const html = extname(file) === ".html";
        response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
        response.setHeader("content-security-policy", policy(nonce));
        response.end(html ? body.toString().replaceAll("__CSP_NONCE__", nonce) : body);
      },
      () => {
        response.statusCode = 404;
        response.end();
      },
    );
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Puts a scripted service behind the page's socket. */
export async function script(page: Page, service: FakeService): Promise<void> {
  await page.routeWebSocket("**/v1/session", (socket) => {
    service.connect((text) => {
      socket.send(text);
    });
    socket.onMessage((message) => {
      service.receive(String(message));
    });
  });
}
