// What goes along with a prompt: documents, the selection, folders; each can be left out.
import { Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import { type KeyboardEvent, type ReactElement, type ReactNode, useState } from "react";
import type { DocumentView } from "../generated/protocol.ts";
import type { Chosen } from "../session/attaching.ts";
import { sessionDocuments } from "../session/state.ts";
import { fileName, shortTitle } from "../text/format.ts";
import { words } from "../words/en.ts";
import { useApp, useSession } from "./context.tsx";
import { IconButton, PathField, TextButton } from "./controls.tsx";
import { Add16Regular, Dismiss16Regular, Folder16Regular, Glyph, Table16Regular } from "./icons.tsx";
import { PickButton } from "./pick-button.tsx";

export interface Attachments {
  documents: readonly DocumentView[];
  selection: string | undefined;
  /** Leaves a document out of this and later prompts. */
  leaveOut: (document: DocumentView) => void;
  leaveOutSelection: () => void;
  /** Takes an open document in that was left out. */
  takeIn: (document: DocumentView) => void;
}

/** The documents that go along: the session's, this pane's, and in a new session of the window all that are open. */
export function useAttachments(): Attachments {
  const { store } = useApp();
  const state = useSession();
  const { model, own, open, selection } = state;
  const [leftOut, setLeftOut] = useState<readonly string[]>([]);
  const [takenIn, setTakenIn] = useState<readonly string[]>([]);
  const [selectionLeftOut, setSelectionLeftOut] = useState<string | undefined>();
  const fresh = model.entries.length === 0 && own === undefined;
  const candidates = [
    ...(own === undefined ? [] : [own]),
    ...sessionDocuments(state),
    ...open.filter((document) => fresh || takenIn.includes(document.id)),
  ];
  const documents = candidates.filter(
    (document, index) =>
      !leftOut.includes(document.id) && candidates.findIndex((each) => each.id === document.id) === index,
  );
  return {
    documents,
    selection: selection === selectionLeftOut ? undefined : selection,
    leaveOut: (document) => {
      if (model.documents.some((each) => each.id === document.id) && document.id !== own?.id) {
        store.detach(document.id);
      }
      setLeftOut([...leftOut, document.id]);
    },
    leaveOutSelection: () => {
      setSelectionLeftOut(selection);
    },
    takeIn: (document) => {
      setLeftOut(leftOut.filter((id) => id !== document.id));
      setTakenIn([...takenIn, document.id]);
    },
  };
}

export function PromptChips({ attachments }: { attachments: Attachments }): ReactElement {
  const { store } = useApp();
  const { model } = useSession();
  return (
    <div className="chips">
      {attachments.documents.map((document) => (
        <Chip
          key={document.id}
          gone={document.state === "gone"}
          icon={<Glyph kind={document.kind} state={document.state} />}
          name={shortTitle(document.title)}
          note={noteOf(document)}
          title={noteOf(document) === "" ? undefined : words.documentHere(document.title, noteOf(document))}
          onRemove={() => {
            attachments.leaveOut(document);
          }}
        />
      ))}
      {attachments.selection !== undefined && (
        <Chip
          icon={<Table16Regular className="detail" />}
          name={attachments.selection}
          onRemove={attachments.leaveOutSelection}
        />
      )}
      {model.folders.map((folder) => (
        <Chip
          key={folder.path}
          icon={<Folder16Regular className="detail" />}
          name={fileName(folder.path)}
          mark={folder.readOnly ? words.files.readOnly : undefined}
          title={folder.readOnly ? words.documentHere(folder.path, words.files.readOnly) : folder.path}
          onRemove={() => {
            store.detachFolder(folder.path);
          }}
        />
      ))}
      <AttachMenu attachments={attachments} />
    </div>
  );
}

function noteOf(document: DocumentView): string {
  switch (document.state) {
    case "live":
      return "";
    case "closed":
      return words.documentClosed(document.kind);
    case "gone":
      return words.documentGone;
  }
}

interface ChipProps {
  icon: ReactNode;
  name: string;
  note?: string;
  /** What is to be seen beside the name. */
  mark?: string | undefined;
  title?: string | undefined;
  gone?: boolean;
  onRemove?: () => void;
}

function Chip({ icon, name, note = "", mark, title, gone = false, onRemove }: ChipProps): ReactElement {
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Delete" || event.key === "Backspace") {
      onRemove?.();
    }
  };
  return (
    <span className={gone ? "chip chip-gone" : "chip"} title={title ?? name}>
      {icon}
      <span className="cut">
        {name}
        {note !== "" && <span className="visually-hidden">, {note}</span>}
      </span>
      {mark !== undefined && <span className="detail">{mark}</span>}
      {onRemove !== undefined && (
        <button type="button" aria-label={words.prompt.remove(name)} onClick={onRemove} onKeyDown={onKey}>
          <Dismiss16Regular />
        </button>
      )}
    </span>
  );
}

function AttachMenu({ attachments }: { attachments: Attachments }): ReactElement {
  const { kind } = useApp();
  const { open } = useSession();
  const [shown, setShown] = useState(false);
  const others = open.filter((document) => !attachments.documents.some((each) => each.id === document.id));
  return (
    <Popover
      open={shown}
      trapFocus
      positioning="above-start"
      onOpenChange={(_event, data) => {
        setShown(data.open);
      }}
    >
      <PopoverTrigger disableButtonEnhancement>
        <IconButton small label={words.prompt.attach} icon={<Add16Regular />} />
      </PopoverTrigger>
      <PopoverSurface className="surface popover" aria-label={words.prompt.attach}>
        <p className="small strong secondary">{words.prompt.attachDocument}</p>
        {others.length === 0 && <p className="small detail">{words.prompt.attachNone}</p>}
        <ul className="plain-list">
          {others.map((document) => (
            <li key={document.id}>
              <button
                type="button"
                className="row attach-row"
                onClick={() => {
                  attachments.takeIn(document);
                  setShown(false);
                }}
              >
                <Glyph kind={document.kind} state={document.state} />
                <span className="cut">{document.title}</span>
              </button>
            </li>
          ))}
        </ul>
        {kind === "window" && (
          <AttachPath
            onDone={() => {
              setShown(false);
            }}
          />
        )}
      </PopoverSurface>
    </Popover>
  );
}

/** The names of files that can be attached, as the service tells them (`FileKind`). */
const DOCUMENT = /\.(?:xls[xmb]?|xltx|ods|ppt[xm]|potx|doc[xm]|pdf|csv|tsv)$/i;

/** By path, in the window alone: a pane may not open files of this computer. */
function AttachPath({ onDone }: { onDone: () => void }): ReactElement {
  const { store } = useApp();
  const [path, setPath] = useState("");
  const attach = (folder: boolean): void => {
    store.attachPath(path.trim(), folder);
    onDone();
  };
  const attachChosen = (chosen: Chosen): void => {
    void store.attachAll(chosen);
    onDone();
  };
  const folder = !DOCUMENT.test(path.trim());
  return (
    <form
      className="attach-path"
      onSubmit={(event) => {
        event.preventDefault();
        if (path.trim() !== "") {
          attach(folder);
        }
      }}
    >
      <PathField label={words.prompt.attachPath} path={path} onPath={setPath} />
      <TextButton
        small
        blocked={path.trim() === "" ? words.prompt.attachPath : undefined}
        onClick={() => {
          attach(folder);
        }}
      >
        {folder ? words.prompt.attachFolder : words.prompt.attachFile}
      </TextButton>
      <div className="row">
        <PickButton what="folders" onChosen={attachChosen}>
          {words.attach.chooseFolders}
        </PickButton>
        <PickButton what="documents" onChosen={attachChosen}>
          {words.attach.chooseDocuments}
        </PickButton>
      </div>
    </form>
  );
}
