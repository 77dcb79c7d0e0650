// Builds the pane of the live tests into `target/web-livepane`.
import { resolve } from "node:path";
import { defineConfig } from "vite";

const root = resolve(import.meta.dirname, "pane");

export default defineConfig({
  root,
  base: "/",
  build: { target: ["chrome115"], outDir: resolve(root, "../../../../target/web-livepane"), emptyOutDir: true },
});
