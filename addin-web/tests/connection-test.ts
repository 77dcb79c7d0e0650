// Steps of a test of the connection, as the service tells them.
import type { ConnectionTest, StepResult } from "../shared/src/generated/protocol.ts";

export const name: StepResult = { step: "name", state: "passed", milliseconds: 12, seen: "gateway.example.com is 10.1.2.3." };
export const direct: StepResult = {
  step: "proxy",
  state: "notNeeded",
  seen: "No proxy is in force: connections go directly.",
};
const tls: StepResult = {
  step: "tls",
  state: "passed",
  milliseconds: 31,
  seen: "TLS 1.3 with gateway.example.com:443. The certificate was issued by Example Inspection (Example).",
};
const refused: StepResult = {
  step: "signIn",
  state: "failed",
  milliseconds: 182,
  seen: "The gateway refused the credential. (status 401)",
  code: "INF_AUTH",
  remedy: "Ask your administrator for a new one. It comes from `inferenceGatewayApiKey`.",
};
const skipped = (step: StepResult["step"]): StepResult => ({ step, state: "skipped", seen: "A step before it failed." });
const passed = (step: StepResult["step"], milliseconds: number, seen: string): StepResult => ({
  step,
  state: "passed",
  milliseconds,
  seen,
});

export const failing: ConnectionTest = {
  passed: false,
  provider: "gateway",
  steps: [name, direct, tls, refused, skipped("models"), skipped("word")],
};
export const passing: ConnectionTest = {
  passed: true,
  provider: "gateway",
  steps: [
    name,
    direct,
    tls,
    passed("signIn", 1, "The gateway takes the credential."),
    passed("models", 140, "The gateway lists 6 models."),
    passed("word", 610, "claude-example answered: tokens read 8, written 1."),
  ],
};
