// The plan of the turn: at most seven steps, folding to the one that is in work.
import { type ReactElement, useState } from "react";
import type { PlanStep } from "../generated/protocol.ts";
import { words } from "../words/en.ts";
import { CheckmarkCircle16Filled, ChevronDown16Regular, ChevronUp16Regular, Circle16Regular } from "./icons.tsx";

interface PlanProps {
  steps: readonly PlanStep[];
  /** True while the step in work waits for the person. */
  waiting: boolean;
}

export const doneOf = (steps: readonly PlanStep[]): number => steps.filter((step) => step.state === "done").length;

export function PlanSteps({ steps, waiting }: PlanProps): ReactElement {
  return (
    <ol className="steps">
      {steps.map((step, index) => (
        <li key={index} className={step.state === "pending" ? "detail" : undefined}>
          <StepIcon step={step} waiting={waiting} />
          <span className={step.state === "active" ? "strong" : undefined}>{step.title}</span>
          {step.state === "active" && waiting && <span className="small is-brand end">{words.plan.waiting}</span>}
        </li>
      ))}
    </ol>
  );
}

function StepIcon({ step, waiting }: { step: PlanStep; waiting: boolean }): ReactElement {
  const name = words.plan.states[step.state];
  switch (step.state) {
    case "done":
      return <CheckmarkCircle16Filled className="is-ok" aria-label={name} />;
    case "active":
      return <span className={waiting ? "ring ring-waiting" : "ring"} role="img" aria-label={name} />;
    case "pending":
      return <Circle16Regular aria-label={name} />;
  }
}

/** The plan as a card of the conversation, for panes. */
export function PlanCard({ steps, waiting }: PlanProps): ReactElement {
  const [open, setOpen] = useState(true);
  const done = doneOf(steps);
  const active = steps.find((step) => step.state === "active")?.title;
  const progress = words.plan.progress(done, steps.length);
  return (
    <section className="card" aria-label={words.plan.title}>
      <button
        type="button"
        className="card-head plan-head"
        aria-expanded={open}
        onClick={() => {
          setOpen(!open);
        }}
      >
        <span className="strong">{words.plan.title}</span>
        <span className="small detail end num cut">
          {open || active === undefined ? progress : words.plan.folded(done, steps.length, active)}
        </span>
        {open ? <ChevronUp16Regular className="detail" /> : <ChevronDown16Regular className="detail" />}
      </button>
      {open && (
        <div className="card-body">
          <PlanSteps steps={steps} waiting={waiting} />
        </div>
      )}
    </section>
  );
}
