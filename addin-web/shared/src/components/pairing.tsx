// Pairing: the number in the pane, and the question in the window.
import type { ReactElement } from "react";
import type { PairingView } from "../generated/protocol.ts";
import { when } from "../text/format.ts";
import { words } from "../words/en.ts";
import { useApp, useSession } from "./context.tsx";
import { TextButton } from "./controls.tsx";
import { Mark } from "./icons.tsx";

/** "483 201", read digit by digit. */
function Digits({ number }: { number: string }): ReactElement {
  const middle = Math.ceil(number.length / 2);
  return (
    <p className="pairing-number num ltr" role="img" aria-label={words.pairing.number(Array.from(number).join(" "))}>
      {number.slice(0, middle)} {number.slice(middle)}
    </p>
  );
}

export function PairingScreen(): ReactElement | null {
  const { store } = useApp();
  const { connection } = useSession();
  if (connection.kind === "pairing") {
    return (
      <main className="pairing" aria-labelledby="pairing-title">
        <Mark />
        <h1 className="title" id="pairing-title">
          {words.pairing.title}
        </h1>
        <p className="secondary">{words.pairing.text}</p>
        <Digits number={connection.number} />
        <p className="row small secondary" role="status">
          <span className="ring" />
          {words.pairing.waiting}
        </p>
        <p className="small detail">{words.pairing.until(when(connection.expiresAt, Date.now()))}</p>
      </main>
    );
  }
  if (connection.kind === "pairingEnded") {
    return (
      <main className="pairing" aria-labelledby="pairing-title">
        <Mark />
        <h1 className="title" id="pairing-title">
          {words.pairing.title}
        </h1>
        <p className="secondary" role="alert">
          {words.pairing.ended}
        </p>
        <TextButton
          look="main"
          onClick={() => {
            store.reconnect();
          }}
        >
          {words.pairing.again}
        </TextButton>
      </main>
    );
  }
  return null;
}

/** In the window: panes that ask to be connected. */
export function PairingRequests(): ReactElement | null {
  const { pairings } = useSession();
  return pairings.length === 0 ? null : (
    <>
      {pairings.map((pairing) => (
        <PairingRequest key={pairing.pairing} pairing={pairing} />
      ))}
    </>
  );
}

function PairingRequest({ pairing }: { pairing: PairingView }): ReactElement {
  const { store } = useApp();
  const question = words.pairing.request(words.pairing.applications[pairing.frontEnd]);
  return (
    <section className="card approval pairing-request" aria-label={question} data-approval tabIndex={-1}>
      <div className="card-head">
        <h2 className="grow">{question}</h2>
      </div>
      <div className="card-body">
        <p className="small secondary">{words.pairing.requestText}</p>
        <Digits number={pairing.number} />
        <div className="row choices">
          <TextButton
            look="main"
            onClick={() => {
              store.answerPairing(pairing.pairing, true);
            }}
          >
            {words.pairing.allow}
          </TextButton>
          <TextButton
            look="quiet"
            className="end"
            onClick={() => {
              store.answerPairing(pairing.pairing, false);
            }}
          >
            {words.pairing.deny}
          </TextButton>
        </div>
      </div>
    </section>
  );
}
