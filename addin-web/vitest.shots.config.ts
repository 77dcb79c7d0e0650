// Pictures of the built pages in Chromium over a scripted service, with the Content-Security-Policy of the real one.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/shots/**/*.test.ts"],
    environment: "node",
    testTimeout: 120_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
