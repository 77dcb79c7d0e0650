// Reads saved files with openpyxl and python-pptx: programs that nobody here wrote.
import { execFileSync } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";

export const PYTHON = process.env.DESKHAND_PYTHON ?? join(homedir(), ".cache/deskhand/python/bin/python");

/** Runs a script; `path` is the file, and the last value that it prints as JSON is the answer. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows what its script prints
export function python<T = unknown>(script: string, path: string): T {
  const output = execFileSync(PYTHON, ["-c", `import json, sys\npath = sys.argv[1]\n${script}`, path], { encoding: "utf8" });
  return JSON.parse(output) as T;
}
