// The stage of the end-to-end tests: gateway, service, Office hosts and Chromium, and what a person does in the pages.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser, Frame, Page } from "playwright-core";
import { expect } from "vitest";
import { launch, openPage } from "../support/browser.ts";
import { makeCertificates, TrustingHome } from "../support/certificates.ts";
import { buildOfficeHost, OfficeHost, repository } from "../support/office-host.ts";
import { python } from "../support/python.ts";
import { buildProgram, freePort, Gateway, Service } from "../support/service.ts";

/** Where pictures of the tests go. */
export const shots = resolve(repository, "target/shots/e2e");
export const regions = ["North", "South", "East", "West"] as const;

export interface Row {
  region: string;
  product: string;
  revenue: number;
}

/** A workbook with revenue by region whose numbers are drawn anew at each run. */
export function drawWorkbook(path: string): Row[] {
  const rows = Array.from({ length: 240 }, (_, index) => ({
    region: regions[Math.floor(Math.random() * 4)] ?? "North",
    product: `P${String(index % 7)}`,
    revenue: Math.round(Math.random() * 1_000_000) / 100,
  }));
  python(
    `import openpyxl
wb = openpyxl.Workbook(); ws = wb.active; ws.title = "Revenue"
ws.append(["Region", "Product", "Revenue", None, "Not summarised"])
for row in ${JSON.stringify(rows)}: ws.append([row["region"], row["product"], row["revenue"]])
wb.save(path); print("null")`,
    path,
  );
  return rows;
}

/** A deck with one title slide on python-pptx's own template. */
export function makeDeck(path: string): void {
  python(
    `import pptx\np = pptx.Presentation(); p.slides.add_slide(p.slide_layouts[0]).shapes.title.text = "Board"\np.save(path); print("null")`,
    path,
  );
}

export class Stage {
  private constructor(
    readonly folder: string,
    readonly gateway: Gateway,
    readonly service: Service,
    readonly hosts: OfficeHost[],
    readonly browser: Browser,
    private readonly home: TrustingHome,
    /** What pages said went wrong. */
    readonly trouble: string[],
  ) {}

  /**
   * Starts everything; one Office host a document, in the order of the documents. With `manage` the service stands under what
   * an administrator says beside the gateway.
   */
  static async set(
    script: string,
    make: (folder: string) => { path: string; pane: "excel" | "powerpoint" }[],
    manage?: (folder: string) => object,
  ): Promise<Stage> {
    mkdirSync(shots, { recursive: true });
    const folder = mkdtempSync(join(tmpdir(), "deskhand-e2e-files-"));
    const documents = make(folder);
    const program = buildOfficeHost();
    const certificates = makeCertificates(program, mkdtempSync(join(tmpdir(), "deskhand-certificates-")));
    const gateway = await Gateway.start(buildProgram("deskhand-standins", "deskhand-standins"), script);
    const ports = await Promise.all(documents.map(() => freePort()));
    const service = new Service(
      buildProgram("deskhand-service", "deskhand"),
      ports.map((port) => `https://localhost:${String(port)}`),
    );
    if (manage === undefined) {
      service.configure(gateway.url, "standin-key");
    } else {
      const inference = { inferenceProvider: "gateway", inferenceGatewayBaseUrl: gateway.url, inferenceGatewayApiKey: "standin-key" };
      service.manage({ ...inference, ...manage(folder) });
    }
    const address = await service.start();
    const hosts = await Promise.all(
      documents.map(({ path, pane }, index) =>
        OfficeHost.start({ program, document: path, pane: `${address}/${pane}/`, certificates, port: ports[index] }),
      ),
    );
    const home = new TrustingHome(certificates.authority, service.authority);
    return new Stage(folder, gateway, service, hosts, await launch(home.path), home, []);
  }

  async strike(): Promise<void> {
    await this.browser.close();
    await Promise.all([...this.hosts.map((host) => host.stop()), this.gateway.stop()]);
    await this.service.stop();
    this.home.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }

  host(index: number): OfficeHost {
    const host = this.hosts[index];
    if (host === undefined) {
      throw new Error(`There is no document ${String(index)}.`);
    }
    return host;
  }

  /** The window's page. */
  async window(): Promise<Page> {
    const page = await openPage(this.browser, await this.service.windowAddress(), this.trouble);
    await page.setViewportSize({ width: 1200, height: 800 });
    return page;
  }

  /** A document's host page with its pane, paired by the window. */
  async open(index: number, window: Page): Promise<{ page: Page; pane: Frame }> {
    const page = await openPage(this.browser, this.host(index).url, this.trouble);
    const element = await page.waitForSelector("#pane iframe");
    const pane = await element.contentFrame();
    if (pane === null) {
      throw new Error("The pane has no frame.");
    }
    await pair(pane, window);
    return { page, pane };
  }
}

/** Compares the number and allows the pane in the window. */
async function pair(pane: Frame, window: Page): Promise<void> {
  const number = (await pane.locator(".pairing-number").innerText()).replaceAll(/\D/g, "");
  expect(number).toMatch(/^\d{6}$/);
  await window.getByText(number.slice(0, 3), { exact: false }).first().waitFor();
  await window.getByRole("button", { name: "Allow" }).first().click();
  await pane.getByRole("textbox").first().waitFor();
}

/** Waits for words in the conversation. */
export async function said(front: Frame | Page, words: string): Promise<void> {
  await front.getByRole("log").getByText(words).first().waitFor();
}

/** Types words and sends them. */
export async function send(front: Frame | Page, words: string): Promise<void> {
  await front.getByRole("textbox").first().fill(words);
  await front.getByRole("button", { name: "Send" }).click();
}

/** Opens a session in the window's list, where it is not open by itself. */
export async function choose(window: Page, words: string): Promise<void> {
  await window.getByText(words).first().click();
}
