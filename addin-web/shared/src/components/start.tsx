// An empty session: what Deskhand sees, and three prompts that fit this document.
import type { ReactElement } from "react";
import { userError } from "../client/rpc.ts";
import type { DocumentKind } from "../generated/protocol.ts";
import { shortTitle } from "../text/format.ts";
import { words } from "../words/en.ts";
import { useApp, useSession } from "./context.tsx";
import { TextButton } from "./controls.tsx";
import { ErrorCard } from "./notices.tsx";

export function StartScreen({ onPrompt }: { onPrompt: (text: string) => void }): ReactElement {
  const { view, described, open } = useSession();
  const { kind: frontEnd, store } = useApp();
  const kind = described?.kind ?? open[0]?.kind;
  const prompts: readonly string[] =
    view?.stopped !== undefined
      ? []
      : view?.tour === true
        ? words.tour.stops.flatMap((stop) => (stop.prompt === undefined ? [] : [stop.prompt])).slice(0, 1)
        : words.start.prompts[promptsFor(kind)];
  return (
    <div className="start">
      {view?.configured === false && view.stopped === undefined && (
        <>
          <ErrorCard
            error={userError("INF_NOT_CONFIGURED")}
            action={
              frontEnd === "window" && (
                <TextButton
                  small
                  look="main"
                  onClick={() => {
                    store.configuration.show(true);
                  }}
                >
                  {words.configuration.open}
                </TextButton>
              )
            }
          />
          {!view.managed && <p className="secondary">{words.tour.offer}</p>}
        </>
      )}
      {view?.stopped === undefined && <h2 className="title">{words.start.title}</h2>}
      <p className="secondary">
        {sees(
          described,
          open.map((document) => shortTitle(document.title)),
        )}
      </p>
      <ul className="plain-list start-prompts">
        {prompts.map((text) => (
          <li key={text}>
            <button
              type="button"
              className="card start-prompt"
              onClick={() => {
                onPrompt(text);
              }}
            >
              {text}
            </button>
          </li>
        ))}
      </ul>
      {view?.stopped === undefined && view?.promise !== undefined && <p className="small secondary">{view.promise}</p>}
    </div>
  );
}

function promptsFor(kind: DocumentKind | undefined): keyof typeof words.start.prompts {
  switch (kind) {
    case undefined:
      return "none";
    case "workbook":
    case "deck":
      return kind;
    case "document":
    case "pdf":
    case "csv":
    case "legacy":
    case "file":
      return "file";
  }
}

function sees(described: { title: string; summary?: string } | undefined, open: readonly string[]): string {
  if (described !== undefined) {
    return words.start.workbook(shortTitle(described.title), described.summary);
  }
  return open.length === 0 ? words.start.window : words.start.open(open.join(", "));
}
