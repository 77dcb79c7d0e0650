// Answers of the service to the configuration window: the settings as the service itself wrote them, and checks of drafts.
import type { CheckAnswer, ConfigurationAnswer, SettingProblem } from "../shared/src/generated/protocol.ts";
import { settingsOf } from "../shared/src/session/configuration.ts";
import written from "./generated/configuration.json" with { type: "json" };

/** Written by a test of the service (`companion/service/src/configuration/tests.rs`). */
export const answers = written as unknown as { managed: ConfigurationAnswer; own: ConfigurationAnswer };

/** A check that takes every value but addresses of files and words that are no number where one is meant. */
export function checkOf(answer: ConfigurationAnswer, changes: Record<string, unknown>): CheckAnswer {
  const settings = settingsOf(answer).filter(({ key }) => key in changes);
  const problems = settings.flatMap(({ key, input }): SettingProblem[] => {
    const value = changes[key];
    const wrong = input.type === "number" ? typeof value === "string" : String(value).startsWith("ftp:");
    const sentence = "The address has another scheme than https, or http on this machine.";
    return wrong ? [{ key, place: "", sentence, weight: "refused" }] : [];
  });
  const right = settings.filter(({ key }) => problems.every((problem) => problem.key !== key));
  return {
    problems: [...problems, ...answer.problems],
    changes: right.map(({ key, title, value }) => ({ key, title, before: value, after: changes[key], atOnce: false })),
    egress: answer.egress,
    atOnce: false,
  };
}
