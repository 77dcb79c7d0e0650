// What a command writes: its last lines while it runs, all that is kept of it afterwards.
import { type ReactElement, useEffect, useRef } from "react";
import type { Live } from "../session/sandbox.ts";
import { lastLines, terminalText } from "../text/terminal.ts";
import { words } from "../words/en.ts";

const LINES = 200;
const NEAR_END_PX = 24;

/** Follows its end while the person does not read further up. */
export function LiveOutput({ live }: { live: Live | undefined }): ReactElement {
  const box = useRef<HTMLPreElement>(null);
  const following = useRef(true);
  const text = live === undefined ? "" : lastLines(terminalText(live.text), LINES).trimEnd();
  useEffect(() => {
    if (box.current !== null && following.current) {
      box.current.scrollTop = box.current.scrollHeight;
    }
  }, [text]);
  return (
    <div className="call-live">
      {live?.cut === true && <p className="small detail">{words.sandbox.earlier}</p>}
      {text === "" ? (
        <p className="small detail">{words.sandbox.waiting}</p>
      ) : (
        <pre
          className="mono ltr"
          ref={box}
          tabIndex={0}
          role="group"
          aria-label={words.sandbox.output}
          onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
            following.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
          }}
        >
          {text}
        </pre>
      )}
    </div>
  );
}
