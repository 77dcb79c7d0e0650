// The settings that an address of the organisation hands out: sign-in, what waits, what went wrong, what is asked. One quiet
// card, and nothing while there is nothing to do.
import { type ReactElement, type ReactNode, useEffect, useState } from "react";
import type { BootstrapAnswer, BootstrapView } from "../generated/protocol.ts";
import { when } from "../text/format.ts";
import { plain } from "../text/plain.ts";
import { words } from "../words/en.ts";
import { useApp, useSession } from "./context.tsx";
import { TextButton } from "./controls.tsx";
import { SignInProblem, SignInSteps } from "./sign-in-steps.tsx";

/** True where the card says why no turn starts, so that nobody has to say it twice. */
export function cardSays(view: BootstrapView | undefined): boolean {
  return view !== undefined && (view.state.kind !== "idle" || view.problem !== undefined);
}

export function SettingsCard(): ReactElement | null {
  const { view } = useSession();
  const bootstrap = view?.bootstrap;
  if (bootstrap === undefined) {
    return null;
  }
  if (cardSays(bootstrap)) {
    return <SignInCard view={bootstrap} />;
  }
  return bootstrap.consent === "waiting" ? <ConsentCard view={bootstrap} /> : null;
}

export function Card({ title, children }: { title: string; children: ReactNode }): ReactElement {
  return (
    <section className="card settings-card" aria-label={title}>
      <div className="card-head">
        <h2 className="grow">{title}</h2>
      </div>
      <div className="card-body">{children}</div>
    </section>
  );
}

function SignInCard({ view }: { view: BootstrapView }): ReactElement {
  const { store } = useApp();
  const { state, problem, begunBy } = view;
  return (
    <Card title={words.settings.title}>
      <p className="small secondary">
        {words.settings.from(view.origin)}{" "}
        {view.countsUntil === undefined
          ? words.settings.none
          : words.settings.until(when(view.countsUntil, Date.now()))}
      </p>
      <SignInProblem problem={problem} />
      <SignInSteps
        state={state}
        begunBy={begunBy}
        again={words.failure.retry}
        checking={words.settings.checking}
        onSignIn={() => store.signIn("bootstrap")}
        onCancel={() => {
          store.cancelSignIn("bootstrap");
        }}
      />
    </Card>
  );
}

/** What names programs, files with credentials, addresses or sign-in, whole; asked about in the window alone. */
function ConsentCard({ view }: { view: BootstrapView }): ReactElement {
  const { store, kind } = useApp();
  const [asked, setAsked] = useState<BootstrapAnswer>();
  const desktop = kind === "window";
  useEffect(() => {
    if (desktop) {
      void store.bootstrap().then(setAsked);
    }
  }, [store, desktop, view]);
  if (!desktop) {
    return (
      <Card title={words.settings.consentTitle}>
        <p className="small secondary">{words.settings.consentInWindow}</p>
      </Card>
    );
  }
  const answer = (allow: boolean): void => {
    if (asked !== undefined) {
      store.consent(asked.digest, allow);
    }
  };
  return (
    <Card title={words.settings.consentTitle}>
      <p className="small secondary">{words.settings.consentText(view.origin)}</p>
      <dl className="settings-values">
        {(asked?.values ?? []).map(({ key, value }) => (
          <div key={key}>
            <dt className="small strong">{key}</dt>
            <dd>
              <pre className="mono ltr small">{plain(typeof value === "string" ? value : JSON.stringify(value, null, 2))}</pre>
            </dd>
          </div>
        ))}
      </dl>
      {asked !== undefined && (
        <div className="row choices">
          <TextButton
            small
            look="main"
            onClick={() => {
              answer(true);
            }}
          >
            {words.settings.allow}
          </TextButton>
          <TextButton
            small
            look="quiet"
            className="end"
            onClick={() => {
              answer(false);
            }}
          >
            {words.settings.refuse}
          </TextButton>
        </div>
      )}
    </Card>
  );
}
