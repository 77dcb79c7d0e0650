// Unit tests of the web app: the reducer, the client over a scripted socket, text from models, components by role and name.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // A guard against what never ends, not a measure: a busy machine draws a long table in seconds.
    testTimeout: 60_000,
    include: ["tests/unit/**/*.test.{ts,tsx}"],
    environment: "jsdom",
    restoreMocks: true,
  },
});
