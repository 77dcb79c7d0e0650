// The native window on the real service, in a real display server: it shows the session, not a blank page.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildProgram, Gateway, Service } from "../support/service.ts";
import { drawWorkbook, shots } from "./stage.ts";

/** The tint behind the person's words and the brand colour, as the theme has them. */
const BUBBLE = "#EEF0FB";
const BRAND = "#3A4CA6";

let display: ChildProcess;
let name: string;
let gateway: Gateway;
let service: Service;
let window: ChildProcess | undefined;

beforeAll(async () => {
  mkdirSync(shots, { recursive: true });
  display = spawn("Xvfb", ["-noreset", "-displayfd", "3", "-screen", "0", "1240x840x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "ignore", "inherit", "pipe"],
  });
  const numbers = display.stdio[3];
  if (numbers === null || numbers === undefined) {
    throw new Error("The display server does not tell its number.");
  }
  name = await new Promise<string>((line) => {
    createInterface({ input: numbers as NodeJS.ReadableStream }).once("line", (number) => {
      line(`:${number}`);
    });
  });
  gateway = await Gateway.start(
    buildProgram("deskhand-standins", "deskhand-standins"),
    join(import.meta.dirname, "window.yaml"),
  );
  service = new Service(buildProgram("deskhand-service", "deskhand"));
  service.configure(gateway.url, "standin-key");
  await service.start();
});

afterAll(async () => {
  window?.kill();
  await gateway.stop();
  await service.stop();
  display.kill();
});

/** How many pixels of the display have a colour. */
function pixels(picture: string, colour: string): number {
  execFileSync("import", ["-display", name, "-window", "root", picture]);
  const opaque = execFileSync("convert", [picture, "-fuzz", "1%", "-fill", "black", "+opaque", colour, "-fill", "white", "-opaque", colour, "-format", "%[fx:mean*w*h]", "info:"], { encoding: "utf8" });
  return Number(opaque);
}

test("the window shows the session", async () => {
  const program = buildProgram("deskhand-window", "deskhand-window");
  const picture = join(shots, "native-window.png");
  window = spawn(program, [], {
    env: { ...process.env, DISPLAY: name, DESKHAND_HOME: service.home, HOME: service.home, GDK_BACKEND: "x11", NO_AT_BRIDGE: "1" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const folder = join(service.home, "files");
  mkdirSync(folder);
  drawWorkbook(join(folder, "Sales.xlsx"));
  // The page is there once it shows its brand colour; then a session begins in the terminal, and the window follows it.
  await expect.poll(() => pixels(picture, BRAND), { timeout: 60_000, interval: 500 }).toBeGreaterThan(100);
  expect(pixels(picture, BUBBLE)).toBeLessThan(2_000);
  const said = service.run(["ask", "--folder", folder, "Which sheets are there?"]);
  expect(said).toContain("One sheet");
  await expect.poll(() => pixels(picture, BUBBLE), { timeout: 60_000, interval: 500 }).toBeGreaterThan(2_000);
});
