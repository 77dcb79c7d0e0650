// Debian's Chromium, driven by Playwright, with a home that trusts the test's authority.
import { type Browser, chromium, type Frame, type Page } from "playwright-core";

export async function launch(home: string): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.DESKHAND_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
    env: { ...process.env, HOME: home },
  });
}

/** A page whose errors end the test: what it says on its console goes to `trouble`. */
export async function openPage(browser: Browser, address: string, trouble: string[]): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1340, height: 860 }, deviceScaleFactor: 1 });
  page.on("pageerror", (error) => trouble.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") {
      trouble.push(message.text());
    }
  });
  await page.goto(address);
  return page;
}

/** The frame of the pane in a host page, once its live back end is there. */
export async function paneOf(page: Page): Promise<Frame> {
  const element = await page.waitForSelector("#pane iframe");
  const frame = await element.contentFrame();
  if (frame === null) {
    throw new Error("The pane has no frame.");
  }
  await frame.waitForFunction("window.documentHost !== undefined || window.failure !== undefined");
  const failure = await frame.evaluate<string | undefined>("window.failure");
  if (failure !== undefined) {
    throw new Error(failure);
  }
  return frame;
}
