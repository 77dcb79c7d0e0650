// End-to-end tests: the real service over real TLS, the real office.js, the window's page, on real files.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/e2e/**/*.test.ts"],
    environment: "node",
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 900_000,
  },
});
