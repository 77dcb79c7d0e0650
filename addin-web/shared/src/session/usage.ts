// Tokens and what they cost, added up. Costs are whole numbers, so that sums do not drift.
import type { Cost, Usage } from "../generated/protocol.ts";

export const NO_USAGE: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

export function sum(left: Usage, right: Usage): Usage {
  const cost = sumOfCosts(left, right);
  return {
    input: left.input + right.input,
    output: left.output + right.output,
    cacheRead: left.cacheRead + right.cacheRead,
    cacheWrite: left.cacheWrite + right.cacheWrite,
    ...(cost === undefined ? {} : { cost }),
  };
}

/** Tokens in all. */
export function total({ input, output, cacheRead, cacheWrite }: Usage): number {
  return input + output + cacheRead + cacheWrite;
}

/** How much of what was read came from the cache, 0 to 1; undefined where nothing was read. */
export function cachedShare({ input, cacheRead, cacheWrite }: Usage): number | undefined {
  const read = input + cacheRead + cacheWrite;
  return read === 0 ? undefined : cacheRead / read;
}

/** The cost of both, partial where one of them used tokens without a price. */
function sumOfCosts(left: Usage, right: Usage): Cost | undefined {
  if (left.cost === undefined && right.cost === undefined) {
    return undefined;
  }
  const of = (usage: Usage): Cost => usage.cost ?? { nanodollars: 0, partial: total(usage) > 0 };
  const [one, two] = [of(left), of(right)];
  return { nanodollars: one.nanodollars + two.nanodollars, partial: one.partial || two.partial };
}
