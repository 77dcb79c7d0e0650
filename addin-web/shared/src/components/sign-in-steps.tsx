// The steps of a sign-in, whatever it is for: a button, the browser or a code, and the way to end it.
import { type ReactElement, type ReactNode, useState } from "react";
import type { FrontEndKind, SignInState, UserError } from "../generated/protocol.ts";
import { when } from "../text/format.ts";
import { words } from "../words/en.ts";
import { useApp } from "./context.tsx";
import { CopyCode, TextButton } from "./controls.tsx";

interface SignInStepsProps {
  state: SignInState;
  /** Who began the one that is under way. */
  begunBy: FrontEndKind | undefined;
  /** What the button says while nothing is under way. */
  again: string;
  /** What is said while whoever is asked has not answered. */
  checking: string;
  /** Begins it; gives the page, in the window. */
  onSignIn: () => Promise<string | undefined>;
  onCancel: () => void;
}

export function SignInSteps({ state, begunBy, again, checking, onSignIn, onCancel }: SignInStepsProps): ReactElement {
  const { kind } = useApp();
  const [page, setPage] = useState<string>();
  const button = (label: string): ReactElement => (
    <div className="row choices">
      <TextButton
        small
        look="main"
        onClick={() => {
          void onSignIn().then(setPage);
        }}
      >
        {label}
      </TextButton>
    </div>
  );
  // A pane ends what a pane began.
  const isTheirs = kind !== "window" && (begunBy === "window" || begunBy === "terminal");
  const cancel = (
    <div className="row choices">
      {isTheirs ? (
        <p className="small secondary">{words.signIn.cancelElsewhere}</p>
      ) : (
        <TextButton small look="quiet" className="end" onClick={onCancel}>
          {words.signIn.cancel}
        </TextButton>
      )}
    </div>
  );
  switch (state.kind) {
    case "checking":
      return <Waiting>{checking}</Waiting>;
    case "browser":
      return (
        <>
          <Waiting>{words.signIn.browser}</Waiting>
          {page !== undefined && (
            <p className="small">
              <a href={page} target="_blank" rel="noopener noreferrer">
                {words.signIn.openPage}
              </a>
            </p>
          )}
          {cancel}
        </>
      );
    case "code":
      return (
        <>
          <p className="small">
            {words.signIn.enter}{" "}
            <a className="ltr settings-address" href={state.complete ?? state.address} target="_blank" rel="noopener noreferrer">
              {state.address}
            </a>
          </p>
          <div className="row choices">
            <CopyCode
              code={state.code}
              className="settings-code"
              label={`${words.signIn.copyCode} ${state.code}`}
              copied={words.signIn.codeCopied}
            />
          </div>
          <Waiting>{words.signIn.code(when(state.endsAt, Date.now()))}</Waiting>
          {cancel}
        </>
      );
    case "elsewhere":
      return (
        <>
          <Waiting>{words.signIn.codeElsewhere}</Waiting>
          {cancel}
        </>
      );
    case "signIn":
      return button(state.browser ? words.signIn.inBrowser : words.signIn.withCode);
    case "idle":
      return button(again);
  }
}

function Waiting({ children }: { children: ReactNode }): ReactElement {
  return (
    <p className="row small secondary" role="status">
      <span className="ring" />
      <span>{children}</span>
    </p>
  );
}

/** Why the last one did not come about. */
export function SignInProblem({ problem }: { problem: UserError | undefined }): ReactElement | null {
  if (problem === undefined) {
    return null;
  }
  return (
    <div className="small" role="alert">
      <p>
        {problem.happened} {problem.action}
      </p>
      {problem.detail !== undefined && <p className="secondary error-detail">{problem.detail}</p>}
    </div>
  );
}
