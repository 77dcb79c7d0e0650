// The prompt box: chips, text, model, mode, stop, send. Never leaves the screen; stop is never hidden while a turn runs.
import { Button } from "@fluentui/react-components";
import {
  type KeyboardEvent,
  type ReactElement,
  type Ref,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import type { PermissionMode } from "../generated/protocol.ts";
import { openApprovals } from "../session/model.ts";
import { words } from "../words/en.ts";
import { useApp, useSession } from "./context.tsx";
import { Picker } from "./controls.tsx";
import { ArrowUp20Filled, Stop16Filled } from "./icons.tsx";
import { DEFAULT_MODEL, ModelPicker } from "./model-picker.tsx";
import { PromptChips, useAttachments } from "./prompt-chips.tsx";

const LONGEST_PROMPT = 200_000;

export interface PromptBoxHandle {
  /** Puts a text into the box and the focus behind it. */
  write: (text: string) => void;
}

interface PromptBoxProps {
  ref?: Ref<PromptBoxHandle>;
  /** True while the Figures tab is shown. */
  figures?: boolean;
}

export function PromptBox({ ref, figures = false }: PromptBoxProps): ReactElement {
  const { store } = useApp();
  const { model, connection, pending, view } = useSession();
  const [text, setText] = useState(() => store.draft);
  useEffect(() => {
    store.draft = text;
  }, [store, text]);
  const [chosenMode, setMode] = useState<PermissionMode>("ask");
  const mode = chosenMode === "act" && view?.actLocked === true ? "ask" : chosenMode;
  const [chosenModel, setChosenModel] = useState(DEFAULT_MODEL);
  const attachments = useAttachments();
  const input = useGrowingInput(text);
  useImperativeHandle(ref, () => ({
    write: (next) => {
      setText(next);
      input.current?.focus();
    },
  }));
  const reason = view?.stopped?.happened ?? blockedBecause(text);
  const send = (): void => {
    if (reason !== undefined) {
      return;
    }
    setText("");
    const documents = attachments.documents.map((document) => document.id);
    const chosen = chosenModel === DEFAULT_MODEL ? undefined : chosenModel;
    store.prompt({ text: text.trim(), documents, selection: attachments.selection, model: chosen, mode }).catch(() => {
      // The error card says why; the text comes back so that nothing is lost.
      setText((now) => (now === "" ? text : now));
    });
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && text === "") {
      const last = model.entries.findLast((entry) => entry.kind === "prompt");
      if (last?.kind === "prompt") {
        event.preventDefault();
        setText(last.text);
      }
    }
  };
  const running = model.turn !== undefined;
  return (
    <div className="prompt-box" data-area>
      {connection.kind !== "online" && pending.length > 0 && (
        <p className="small secondary">{words.prompt.waitsForConnection}</p>
      )}
      <PromptChips attachments={attachments} />
      <textarea
        ref={input}
        rows={1}
        value={text}
        aria-label={words.prompt.label}
        placeholder={usePlaceholder(figures)}
        data-prompt
        onKeyDown={onKey}
        onChange={(event) => {
          setText(event.target.value);
        }}
      />
      <div className="row">
        <ModelPicker value={chosenModel} onChoose={setChosenModel} />
        <ModePicker value={mode} onChoose={setMode} />
        <span className="end" />
        {running && (
          <button
            type="button"
            className="stop"
            aria-label={model.stopping ? words.prompt.stopping : words.prompt.stop}
            title={words.prompt.stop}
            onClick={() => {
              store.stop();
            }}
          >
            {model.stopping ? <span className="ring" /> : <Stop16Filled />}
          </button>
        )}
        <Button
          appearance="primary"
          className="main send"
          icon={<ArrowUp20Filled />}
          aria-label={connection.kind === "online" ? words.prompt.send : words.prompt.sendOffline}
          title={reason ?? (connection.kind === "online" ? words.prompt.send : words.prompt.sendOffline)}
          disabledFocusable={reason !== undefined}
          onClick={send}
        />
      </div>
    </div>
  );
}

function blockedBecause(text: string): string | undefined {
  if (text.trim() === "") {
    return words.prompt.sendEmpty;
  }
  return Array.from(text).length > LONGEST_PROMPT ? words.prompt.sendLong : undefined;
}

function usePlaceholder(figures: boolean): string {
  const { model, view, described } = useSession();
  if (openApprovals(model).length > 0) {
    return words.prompt.waiting;
  }
  if (model.turn !== undefined) {
    return words.prompt.running;
  }
  if (view?.tour === true && model.entries.length === 0) {
    return words.prompt.tour(words.tour.stops[0]?.prompt ?? "");
  }
  if (figures) {
    return words.prompt.figures;
  }
  return described === undefined ? words.prompt.emptyWindow : words.prompt.empty;
}

/** Grows with the text to six lines, then scrolls. */
function useGrowingInput(text: string): React.RefObject<HTMLTextAreaElement | null> {
  const input = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const box = input.current;
    if (box !== null) {
      box.style.height = "";
      if (text !== "") {
        box.style.height = `${box.scrollHeight}px`;
      }
    }
  }, [text]);
  return input;
}

/** The key that closes the mode, as the administrator knows it. */
const ACT_KEY = "disableBypassPermissionsMode";

function ModeLocked(): ReactElement {
  return (
    <>
      <p className="strong">{words.managed.setBy}</p>
      <p className="small">{words.prompt.modeLockedText}</p>
      <dl className="small managed-facts">
        <dt className="detail">{words.managed.key}</dt>
        <dd className="mono ltr">{ACT_KEY}</dd>
        <dt className="detail">{words.managed.questions}</dt>
        <dd>{words.managed.administrator}</dd>
      </dl>
    </>
  );
}

function ModePicker({
  value,
  onChoose,
}: {
  value: PermissionMode;
  onChoose: (mode: PermissionMode) => void;
}): ReactElement {
  const { view } = useSession();
  const modes: PermissionMode[] = ["ask", "act", "readOnly"];
  const isLocked = (mode: PermissionMode): boolean => mode === "act" && view?.actLocked === true;
  return (
    <Picker
      label={words.prompt.mode}
      value={value}
      options={modes.map((mode) => ({
        value: mode,
        text: words.prompt.modes[mode],
        hint: isLocked(mode) ? words.prompt.modeLocked : words.prompt.modeHints[mode],
        locked: isLocked(mode) ? <ModeLocked /> : undefined,
      }))}
      onChoose={onChoose}
    />
  );
}
