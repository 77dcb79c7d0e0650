// The page that the desktop window loads.
import { start } from "@deskhand/shared/app.tsx";
import { nativeShell } from "./native.ts";

start({ kind: "window", shell: nativeShell(window) });
