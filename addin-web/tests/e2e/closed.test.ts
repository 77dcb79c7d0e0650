// What a page cannot reach: the Content-Security-Policy of the real pages in a real browser, against what the settings open.
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch } from "../support/browser.ts";
import { repository } from "../support/office-host.ts";
import { buildProgram, Service } from "../support/service.ts";

const officeScripts = join(repository, "addin-web/node_modules/@microsoft/office-js/dist");
const microsoft = "https://appsforoffice.microsoft.com/lib/1/hosted/office.js";
/** Hosts that the settings open for the service: a page reaches none of them. */
const opened = {
  inferenceProvider: "gateway",
  inferenceGatewayBaseUrl: "https://gateway.example.com",
  otlpEndpoint: "https://collector.example.com",
  coworkEgressAllowedHosts: ["*.example.org"],
};
const elsewhere = ["https://gateway.example.com/", "https://collector.example.com/", "https://docs.example.org/", "https://example.net/"] as const;
const ways = ["connect", "script", "style", "image", "font", "frame", "socket", "beacon", "form"] as const;

let browser: Browser;
const services: Service[] = [];

beforeAll(async () => {
  browser = await launch("/nonexistent");
});

afterAll(async () => {
  await browser.close();
  await Promise.all(services.map((service) => service.stop()));
});

async function serve(settings: object): Promise<string> {
  const service = new Service(buildProgram("deskhand-service", "deskhand"));
  services.push(service);
  service.manage({ ...opened, ...settings });
  return service.start([], false);
}

/** The ways in which a page tried to reach an address and was refused by its own policy. */
async function refused(page: string, address: string): Promise<string[]> {
  const tab = await browser.newPage({ ignoreHTTPSErrors: true });
  // Whatever gets through ends here: nothing leaves the machine.
  await tab.route(
    (url) => url.hostname !== "localhost",
    (route) => route.abort(),
  );
  await tab.goto(page);
  const found = await tab.evaluate(
    async ([target, all]) => {
      const told: string[] = [];
      const one = (way: string): Promise<void> =>
        new Promise((done) => {
          const timer = setTimeout(done, 2_000);
          const seen = (): void => {
            told.push(way);
            clearTimeout(timer);
            done();
          };
          document.addEventListener("securitypolicyviolation", seen, { once: true });
          const over = (): void => {
            // The report of a refusal comes before the error, or in the same turn.
            setTimeout(() => {
              document.removeEventListener("securitypolicyviolation", seen);
              clearTimeout(timer);
              done();
            }, 100);
          };
          const element = (name: string, attributes: Record<string, string>): void => {
            const made = Object.assign(document.createElement(name), attributes);
            made.addEventListener("error", over);
            made.addEventListener("load", over);
            document.body.append(made);
          };
          const tries: Record<string, () => void> = {
            connect: () => void fetch(target).then(over, over),
            script: () => element("script", { src: target }),
            style: () => element("link", { rel: "stylesheet", href: target }),
            image: () => element("img", { src: target }),
            font: () => void new FontFace("f", `url(${target})`).load().then(over, over),
            frame: () => element("iframe", { src: target }),
            socket: () => {
              const socket = new WebSocket(target.replace("https:", "wss:"));
              socket.addEventListener("error", over);
            },
            beacon: () => {
              navigator.sendBeacon(target, "x");
              over();
            },
            form: () => {
              element("iframe", { name: "away" });
              element("form", { action: target, method: "post", target: "away" });
              (document.body.lastElementChild as HTMLFormElement).submit();
            },
          };
          tries[way]?.();
        });
      for (const way of all) {
        try {
          await one(way);
        } catch {
          // A socket that is refused may throw at once; the report has come by then.
        }
      }
      return told;
    },
    [address, [...ways]] as const,
  );
  await tab.close();
  return found;
}

test("what the settings open for the service is closed to every page", { timeout: 300_000 }, async () => {
  const address = await serve({});
  const all = elsewhere.map((target) => ["excel", target] as const);
  for (const [page, target] of [...all, ["powerpoint", elsewhere[0]], ["desktop", elsewhere[0]]] as const) {
    expect([page, target, await refused(`${address}/${page}/`, target)]).toEqual([page, target, [...ways]]);
  }
});

test("office.js of Microsoft is open to panes alone, and closed where the administrator provides it", { timeout: 300_000 }, async () => {
  const open = await serve({});
  const shut = await serve({ deskhandOfficeScriptFolder: officeScripts });
  const besides = ways.filter((way) => way !== "connect" && way !== "script" && way !== "beacon");
  expect(await refused(`${open}/excel/`, microsoft)).toEqual(besides);
  expect(await refused(`${open}/desktop/`, microsoft)).toEqual([...ways]);
  expect(await refused(`${shut}/excel/`, microsoft)).toEqual([...ways]);
  expect(await refused(`${shut}/powerpoint/`, microsoft)).toEqual([...ways]);
});
