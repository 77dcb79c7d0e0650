// Builds the three pages into `target/web`: one HTML file an entry, hashed assets beside them.
//
// The pages carry a mark that the service fills in on each load: `__CSP_NONCE__`.
import { resolve } from "node:path";
import { defineConfig } from "vite";

const root = import.meta.dirname;

export default defineConfig({
  root,
  base: "/",
  build: {
    target: ["chrome115", "safari17"],
    outDir: resolve(root, "../target/web"),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // Fluent marks its modules for server rendering; there is none here.
      onLog: (level, log, report) => {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") {
          report(level, log);
        }
      },
      input: {
        desktop: resolve(root, "desktop/index.html"),
        excel: resolve(root, "excel/index.html"),
        powerpoint: resolve(root, "powerpoint/index.html"),
      },
    },
  },
});
