// The test of the connection to the model provider: its steps as they end, with what to do about the one that failed.
import { type ReactElement, useEffect } from "react";
import type { StepResult, TestState, TestStep } from "../../generated/protocol.ts";
import { when } from "../../text/format.ts";
import { words } from "../../words/en.ts";
import { TextButton } from "../controls.tsx";
import { ArrowSync16Regular, CheckmarkCircle16Filled, Circle16Regular, ErrorCircle16Filled } from "../icons.tsx";
import { useConfiguration } from "./use.ts";

const texts = words.configuration.test;

const icons: Record<TestState, ReactElement> = {
  passed: <CheckmarkCircle16Filled className="is-ok" />,
  failed: <ErrorCircle16Filled className="is-danger" />,
  skipped: <Circle16Regular className="detail" />,
  notNeeded: <Circle16Regular className="detail" />,
};

export function TestButton(): ReactElement {
  const { configuration, state } = useConfiguration();
  const isRunning = state.test !== undefined && state.test.outcome === undefined;
  return (
    <TextButton
      icon={<ArrowSync16Regular />}
      blocked={isRunning ? texts.running : undefined}
      onClick={() => {
        void configuration.testConnection();
      }}
    >
      {texts.begin}
    </TextButton>
  );
}

/** What the test found so far. Leaving it ends one that is under way. */
export function TestReport(): ReactElement | null {
  const { configuration, state } = useConfiguration();
  useEffect(
    () => () => {
      configuration.closeTest();
    },
    [configuration],
  );
  const { test } = state;
  if (test === undefined) {
    return null;
  }
  const { steps, outcome, at } = test;
  const ended = new Map(steps.map((result) => [result.step, result]));
  const order = Object.keys(texts.steps) as TestStep[];
  const running = outcome === undefined ? order.find((step) => !ended.has(step)) : undefined;
  return (
    <section className="card connection-test" aria-label={texts.title}>
      <div className="row">
        <div className="grow" role="status">
          <h2 className="title">
            {outcome === undefined
              ? texts.running
              : outcome.passed
                ? texts.passed(when(at ?? Date.now(), Date.now()))
                : outcome.stopped !== undefined
                  ? texts.stopped
                  : texts.failed(when(at ?? Date.now(), Date.now()))}
          </h2>
        </div>
        <TextButton
          small
          onClick={() => {
            configuration.closeTest();
          }}
        >
          {outcome === undefined ? texts.stop : words.close}
        </TextButton>
      </div>
      {outcome?.stopped !== undefined ? (
        <p className="secondary">
          {outcome.stopped.happened} {outcome.stopped.detail !== undefined && `(${outcome.stopped.detail}) `}
          {outcome.stopped.action} <code className="mono small">{outcome.stopped.code}</code>
        </p>
      ) : (
        <ol className="plain-list">
          {order.map((step) => {
            const result = ended.get(step);
            return result !== undefined ? (
              <Ended key={step} result={result} />
            ) : step === running ? (
              <li key={step} className="connection-step">
                <span className="ring" />
                <span className="strong">{texts.steps[step]}</span>
                <span className="detail">{texts.asking}</span>
              </li>
            ) : null;
          })}
        </ol>
      )}
    </section>
  );
}

function Ended({ result }: { result: StepResult }): ReactElement {
  const { step, state, milliseconds, seen, code, remedy } = result;
  return (
    <li className="connection-step" data-state={state}>
      {icons[state]}
      <span className="strong">{texts.steps[step]}</span>
      <span className={state === "passed" || state === "failed" ? undefined : "detail"}>
        {/* State is a word, never an icon alone. */}
        <span className="small detail">
          {texts.states[state]}
          {milliseconds !== undefined && `, ${texts.took(milliseconds)}`}
        </span>
        <span className="block">
          {seen} {code !== undefined && <code className="mono small">{code}</code>}
        </span>
        {remedy !== undefined && (
          <span className="block strong">
            {/* Keys and commands stand between marks. */}
            {remedy.split("`").map((part, index) => (index % 2 === 0 ? part : <code key={index} className="mono">{part}</code>))}
          </span>
        )}
      </span>
    </li>
  );
}
