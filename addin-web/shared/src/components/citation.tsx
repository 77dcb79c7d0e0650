// A source in a document: choosing it selects the cells or the slide there.
import { memo, type ReactElement } from "react";
import type { DocumentId } from "../generated/protocol.ts";
import { documentNow } from "../session/state.ts";
import { shortTitle } from "../text/format.ts";
import { words } from "../words/en.ts";
import { useApp, useSession } from "./context.tsx";
import { Glyph } from "./icons.tsx";

interface CitationProps {
  document: DocumentId;
  target: string;
  label?: string | undefined;
}

/** A target as a person reads it. A slide's id says nothing of its place in the deck, so it is left out. */
export function placeOf(target: string): string {
  return target.startsWith("slide:") ? words.message.slide : target;
}

export const CitationChip = memo(function CitationChip({ document, target, label }: CitationProps): ReactElement {
  const { store } = useApp();
  const state = useSession();
  const { own } = state;
  const known = documentNow(state, document);
  const foreign = known !== undefined && own !== undefined && own.id !== document;
  const place = placeOf(target);
  const text = label ?? place;
  const gone = known?.state === "gone";
  const name = words.message.select(text, place, known === undefined ? document : shortTitle(known.title));
  return (
    <button
      type="button"
      className={gone ? "cite struck" : "cite"}
      title={name}
      aria-label={name}
      onClick={() => {
        store.select(document, target);
      }}
    >
      {foreign && <Glyph kind={known.kind} state={known.state} />}
      <span className="cut ltr">{text}</span>
    </button>
  );
});
