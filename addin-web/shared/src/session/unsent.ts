// What a reload of the page must not lose: prompts that wait to be sent, and what goes along with them.
import type { PendingPrompt, PromptDraft } from "./state.ts";

export function parsePending(text: string | undefined): PendingPrompt[] {
  try {
    const pending: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(pending) ? (pending as PendingPrompt[]) : [];
  } catch {
    return [];
  }
}

/** The most that may be written as a budget: a number beyond it could not be told from its neighbours. */
const MOST = Number.MAX_SAFE_INTEGER;

/** A number of tokens as a person writes it: "250,000", "250 000", "250k", "1.5M"; undefined where it is none. */
export function parseTokens(text: string | undefined): number | undefined {
  const written = (text ?? "").trim();
  const [, short, unit = ""] = /^(\d+(?:[.,]\d+)?)\s*([km])$/i.exec(written) ?? [];
  const whole = /^(?:\d+|\d{1,3}(?:[.,'’_\s]\d{3})+)$/.test(written) ? written.replaceAll(/\D/g, "") : undefined;
  const tokens =
    short === undefined
      ? Number(whole)
      : Math.round(Number(short.replace(",", ".")) * (unit.toLowerCase() === "k" ? 1_000 : 1_000_000));
  return tokens > 0 && tokens <= MOST ? tokens : undefined;
}

/** What of it was given. */
export function given({ selection, model, budget }: Pick<PromptDraft, "selection" | "model" | "budget">): {
  selection?: string;
  model?: string;
  budget?: number;
} {
  return {
    ...(selection === undefined ? {} : { selection }),
    ...(model === undefined ? {} : { model }),
    ...(budget === undefined ? {} : { budget }),
  };
}
