// The words about models, and about what is used of them. Where a model may be answered comes from the service.
import { number } from "../text/format.ts";

export const models = {
  label: "Model",
  default: "Default model",
  tour: "Tour script",
  locked: "Your organisation chose the model",
  other: "Other models",
  /** Facts about a model, in this order. */
  isDefault: "the default",
  ofFamily: (family: string) => `default of ${family}`,
  context: (tokens: number) => `${number(tokens)} tokens`,
} as const;

/** How many tokens a task may use. */
export const budget = {
  label: "A task may use, in tokens",
  none: "as many as it needs",
  hint: (tokens: number | undefined) =>
    tokens === undefined
      ? "Such as 250,000 or 2M. A task that used them ends before its next step; what is done is kept."
      : "A task that used them ends before its next step. What is done is kept, and “Go on” gives it as many again.",
  settings: (tokens: number) => `The settings allow ${number(tokens)}.`,
  wrong: "Write a whole number of tokens, such as 250,000 or 2M, or nothing.",
  ofTask: (tokens: number) => `up to ${number(tokens)} a task`,
} as const;

export const usage = {
  none: "No tokens used",
  tokens: (count: number) => `${number(count)} tokens`,
  hint: "Tokens used by this session",
  title: "What was used",
  thisTurn: "This turn",
  lastTurn: "Last turn",
  session: "This session",
  day: "Last 24 hours, all sessions",
  columns: { tokens: "Tokens", cached: "Input from cache", cost: "Cost, estimate" },
  nothing: "–",
  noPrice: "no price",
  about: (amount: string) => `(about ${amount})`,
  atLeast: (amount: string) => `at least ${amount}`,
  estimated: "The estimate follows from the prices in the settings. The provider's bill is what counts.",
  partial: "Some tokens have no price in the settings, so it cost more than shown.",
  share: (share: number) => `${share}%`,
  ofWhat: "of the token limit",
  ofLimit: (share: number) => `${share}% of the token limit`,
  limited: (used: number, limit: number) => `${number(used)} of ${number(limit)} tokens are used, in all sessions.`,
  atLimit: (isReached: boolean, time: string | undefined) => {
    const until = time === undefined ? "until the count starts anew." : `until the count starts anew: ${time}.`;
    return isReached
      ? `They are used: the model is asked no more ${until}`
      : `Once they are used, the model is asked no more ${until} A turn that reaches the limit ends there; what is done is kept.`;
  },
} as const;
