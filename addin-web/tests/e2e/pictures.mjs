// Refreshes the pictures of the README from those that the end-to-end tests took: fewer colours, and small enough for a
// repository. Run after `npm run test:e2e`.
import { execFileSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { resolve } from "node:path";

const LARGEST = 150 * 1024;
const taken = resolve(import.meta.dirname, "../../../target/shots/e2e");
const kept = resolve(import.meta.dirname, "pictures");
/** Each picture of the README, and the test's that it is made of. */
const pictures = {
  window: "window-done",
  excel: "excel-approval",
  powerpoint: "tour-deck",
  tour: "tour",
};

mkdirSync(kept, { recursive: true });
for (const [name, source] of Object.entries(pictures)) {
  const picture = resolve(kept, `${name}.png`);
  const reduced = ["-strip", "+dither", "-colors", "256", "-define", "png:compression-level=9"];
  execFileSync("convert", [resolve(taken, `${source}.png`), ...reduced, `PNG8:${picture}`]);
  const { size } = statSync(picture);
  if (size > LARGEST) {
    throw new Error(`${name}.png has ${size} bytes, more than ${LARGEST}.`);
  }
  process.stdout.write(`${name}.png ${size} bytes\n`);
}
