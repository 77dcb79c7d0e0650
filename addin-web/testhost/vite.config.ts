// Builds the host page apart from the panes, into `target/web-testhost`: it is no part of the product's bundle.
import { resolve } from "node:path";
import { defineConfig } from "vite";

const root = import.meta.dirname;

export default defineConfig({
  root,
  base: "/",
  build: {
    target: ["chrome115"],
    outDir: resolve(root, "../../target/web-testhost"),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    rolldownOptions: { input: [resolve(root, "index.html"), resolve(root, "tour.html")] },
    modulePreload: { polyfill: false },
  },
});
