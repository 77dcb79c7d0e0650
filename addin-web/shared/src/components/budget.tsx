// How many tokens a task may use: what the person says, beside what the settings allow. The smaller counts.
import { type ReactElement, useId, useState } from "react";
import { parseTokens } from "../session/unsent.ts";
import { number } from "../text/format.ts";
import { words } from "../words/en.ts";
import { useApp, useSession } from "./context.tsx";

export function Budget(): ReactElement {
  const { store } = useApp();
  const { budget, view } = useSession();
  const [text, setText] = useState(budget === undefined ? "" : number(budget));
  const [isWrong, setWrong] = useState(false);
  const hint = useId();
  const allowed = view?.turnBudget;
  const take = (): void => {
    const tokens = parseTokens(text);
    const wrong = tokens === undefined && text.trim() !== "";
    setWrong(wrong);
    if (!wrong) {
      store.limit(tokens);
      setText(tokens === undefined ? "" : number(tokens));
    }
  };
  return (
    <form
      className="budget small"
      onSubmit={(event) => {
        event.preventDefault();
        take();
      }}
    >
      <label className="secondary">
        {words.budget.label}
        <input
          className="field num"
          inputMode="decimal"
          value={text}
          maxLength={24}
          placeholder={allowed === undefined ? words.budget.none : number(allowed)}
          aria-invalid={isWrong}
          aria-describedby={hint}
          onBlur={take}
          onChange={(event) => {
            setText(event.target.value);
            setWrong(false);
          }}
        />
      </label>
      <p id={hint} className={isWrong ? "is-danger" : "secondary"} aria-live="polite">
        {isWrong ? words.budget.wrong : words.budget.hint(budget ?? allowed)}
        {!isWrong && allowed !== undefined && ` ${words.budget.settings(allowed)}`}
      </p>
    </form>
  );
}
