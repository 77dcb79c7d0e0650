// What was read before a question: where its words came from, if somebody planted them.
import { type ReactElement, useState } from "react";
import type { ReadBefore } from "../generated/protocol.ts";
import { documentNow, type State } from "../session/state.ts";
import { fileName } from "../text/format.ts";
import { words } from "../words/en.ts";
import { placeOf } from "./citation.tsx";
import { useSession } from "./context.tsx";
import { LinkButton } from "./controls.tsx";

const NAMED = 2;

export function ReadBeforeLine({ read }: { read: readonly ReadBefore[] }): ReactElement | null {
  const state = useSession();
  const [open, setOpen] = useState(false);
  const named = read.map((each) => nameOf(state, each)).filter((name) => name.short !== "");
  if (named.length === 0) {
    return null;
  }
  const short = named.slice(0, NAMED).map((name) => name.short);
  const left = named.length - short.length;
  return (
    <div className="small secondary read-before">
      {open ? (
        <>
          <span>{words.approval.readBeforeAll}</span>
          <ul className="plain-list">
            {named.map((name) => (
              <li key={name.whole} className="ltr">
                {name.whole}
              </li>
            ))}
          </ul>
        </>
      ) : (
        <span>{words.approval.readBefore(short, left)}</span>
      )}{" "}
      {(left > 0 || named.some((name) => name.short !== name.whole)) && (
        <LinkButton
          inline
          expanded={open}
          onClick={() => {
            setOpen(!open);
          }}
        >
          {open ? words.approval.showFewer : words.approval.readBeforeShow}
        </LinkButton>
      )}
    </div>
  );
}

interface Name {
  short: string;
  whole: string;
}

/** The host of a web page. */
function hostOf(target: string): string | undefined {
  return /^https?:/i.test(target) && URL.canParse(target) ? new URL(target).host : undefined;
}

/** "Budget.xlsx Notes!A1:B9" for a place in a document, "notes.txt" for a file, "example.com" for a web page. */
function nameOf(state: State, { document, target }: ReadBefore): Name {
  if (document === undefined) {
    return { short: hostOf(target) ?? fileName(target), whole: target };
  }
  const title = documentNow(state, document)?.title;
  const name = [title, placeOf(target)].filter((part) => part !== undefined && part !== "").join(" ");
  return { short: name, whole: name };
}
