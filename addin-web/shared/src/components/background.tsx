// Commands that run in the background: a quiet line above the prompt, which opens the list of them, each with a way to end it.
import { type ReactElement, useEffect, useState } from "react";
import type { CommandId, RunningCommand } from "../generated/protocol.ts";
import type { BackgroundState, EndedEntry } from "../session/model.ts";
import { duration, size } from "../text/format.ts";
import { exactly } from "../text/plain.ts";
import { words } from "../words/en.ts";
import { useNow, useSession, useStore } from "./context.tsx";
import { TextButton } from "./controls.tsx";
import { ChevronDown16Regular, ChevronRight16Regular } from "./icons.tsx";
import { InfoLine } from "./notices.tsx";

const EVERY_MS = 2_000;

export function BackgroundCommands(): ReactElement | null {
  const store = useStore();
  const { model } = useSession();
  const [open, setOpen] = useState(false);
  const [ending, setEnding] = useState<ReadonlySet<CommandId>>(new Set());
  const { background } = model;
  if (background.length === 0) {
    return null;
  }
  return (
    <section className="background" aria-label={words.sandbox.background.label}>
      <button
        type="button"
        className="background-line small secondary"
        aria-expanded={open}
        onClick={() => {
          setOpen(!open);
        }}
      >
        <span className="num">{words.sandbox.background.runs(background.length)}</span>
        {open ? <ChevronDown16Regular /> : <ChevronRight16Regular />}
      </button>
      {open && (
        <BackgroundList
          commands={background}
          ending={ending}
          onEnd={(id) => {
            setEnding((before) => new Set(before).add(id));
            void store.endCommand(id).then((asked) => {
              if (!asked) {
                setEnding((before) => new Set([...before].filter((each) => each !== id)));
              }
            });
          }}
        />
      )}
    </section>
  );
}

interface ListProps {
  commands: readonly BackgroundState[];
  /** Those that the person ended already. */
  ending: ReadonlySet<CommandId>;
  onEnd: (id: CommandId) => void;
}

function BackgroundList({ commands, ending, onEnd }: ListProps): ReactElement {
  const now = useNow(true);
  const running = useRunning();
  return (
    <ul className="plain-list background-list small" tabIndex={0} aria-label={words.sandbox.background.label}>
      {commands.map((command) => (
        <BackgroundRow
          key={command.id}
          command={command}
          now={now}
          running={running.find((one) => one.id === command.id)}
          ending={ending.has(command.id)}
          onEnd={() => {
            onEnd(command.id);
          }}
        />
      ))}
    </ul>
  );
}

interface RowProps {
  command: BackgroundState;
  now: number;
  running: RunningCommand | undefined;
  ending: boolean;
  onEnd: () => void;
}

function BackgroundRow({ command, now, running, ending, onEnd }: RowProps): ReactElement {
  const texts = words.sandbox.background;
  const line = exactly(command.command.trim());
  const first = line.split("\n", 1)[0] ?? "";
  const last = running?.lastLine ?? "";
  return (
    <li>
      <div className="row">
        <bdi className="mono ltr grow cut" title={line}>
          {first}
        </bdi>
        <span className="detail num">{duration(Math.max(0, now - command.startedAt))}</span>
        <TextButton
          small
          label={texts.endIt(first)}
          blocked={ending ? texts.ending : undefined}
          onClick={onEnd}
        >
          {ending ? texts.ending : texts.end}
        </TextButton>
      </div>
      {running !== undefined && (
        <p className="detail cut">
          {last === "" ? (
            words.sandbox.waiting
          ) : (
            <>
              <bdi className="mono ltr">{exactly(last)}</bdi> · <span className="num">{size(running.outputBytes)}</span>
            </>
          )}
        </p>
      )}
    </li>
  );
}

/** What the service says of the commands that run, anew as long as somebody looks. */
function useRunning(): readonly RunningCommand[] {
  const store = useStore();
  const [running, setRunning] = useState<readonly RunningCommand[]>([]);
  const tick = useNow(true, EVERY_MS);
  useEffect(() => {
    let current = true;
    void store.commands().then((found) => {
      if (current && found !== undefined) {
        setRunning(found);
      }
    });
    return () => {
      current = false;
    };
  }, [store, tick]);
  return running;
}

/** That a command ended, and who ended it. */
export function EndedLine({ entry }: { entry: EndedEntry }): ReactElement {
  const { by, command } = entry;
  const first = command === undefined ? undefined : exactly(command.trim().split("\n", 1)[0] ?? "");
  return (
    <InfoLine>
      {words.sandbox.endedBy[typeof by === "object" ? "person" : by]}
      {first !== undefined && (
        <>
          {" "}
          <bdi className="mono ltr">{first}</bdi>
        </>
      )}
    </InfoLine>
  );
}
