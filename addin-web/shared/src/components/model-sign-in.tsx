// The sign-in for the provider of the model: asked for where nobody is signed in, and again ahead of its end.
import type { ReactElement } from "react";
import { words } from "../words/en.ts";
import { useApp, useNow, useSession } from "./context.tsx";
import { Card } from "./settings-card.tsx";
import { SignInProblem, SignInSteps } from "./sign-in-steps.tsx";

/** How long before its end the card asks to sign in again. */
const AHEAD_MS = 20 * 60_000;
const MINUTE_MS = 60_000;

export function ModelSignIn(): ReactElement | null {
  const { store } = useApp();
  const { view } = useSession();
  const signIn = view?.signIn;
  const endsAt = signIn?.signedIn === true ? signIn.endsAt : undefined;
  const now = useNow(endsAt !== undefined, MINUTE_MS / 6);
  if (signIn === undefined) {
    return null;
  }
  const { at, sentTo, state, problem, begunBy } = signIn;
  const left = endsAt === undefined ? undefined : endsAt - now;
  const isSoon = left !== undefined && left <= AHEAD_MS;
  if (state.kind === "idle" && !isSoon && problem === undefined) {
    return null;
  }
  const isOver = !signIn.signedIn || (left !== undefined && left <= 0);
  const minutes = Math.max(1, Math.ceil((left ?? 0) / MINUTE_MS));
  return (
    <Card title={isOver || !isSoon ? words.modelSignIn.title : words.modelSignIn.soon(minutes)}>
      <p className="small secondary">{isOver || !isSoon ? words.modelSignIn.text(at) : words.modelSignIn.soonText(at)}</p>
      {sentTo !== undefined && <p className="small secondary settings-address">{words.modelSignIn.sentTo(sentTo)}</p>}
      <SignInProblem problem={problem} />
      <SignInSteps
        state={state}
        begunBy={begunBy}
        again={words.modelSignIn.again}
        checking={words.signIn.browser}
        onSignIn={() => store.signIn("provider")}
        onCancel={() => {
          store.cancelSignIn("provider");
        }}
      />
    </Card>
  );
}
