// Files that the session made or works on, and one file as a result in the conversation.
import type { ReactElement } from "react";
import type { DocumentView } from "../generated/protocol.ts";
import type { FileEntry } from "../session/model.ts";
import { documentNow, sessionDocuments } from "../session/state.ts";
import { fileName, size, when } from "../text/format.ts";
import { words } from "../words/en.ts";
import { ReverseButton } from "./changes.tsx";
import { useSession, useStore } from "./context.tsx";
import { TextButton } from "./controls.tsx";
import { Folder16Regular, Glyph, Open16Regular } from "./icons.tsx";

export function FilesList(): ReactElement {
  const state = useSession();
  const { model } = state;
  const saved = (document: DocumentView): FileEntry | undefined =>
    model.entries.findLast((entry): entry is FileEntry => entry.kind === "file" && entry.document === document.id);
  if (model.documents.length + model.folders.length === 0) {
    return <p className="small detail">{words.files.none}</p>;
  }
  return (
    <ul className="card plain-list">
      {sessionDocuments(state).map((document) => (
        <li key={document.id} className="file">
          <Glyph kind={document.kind} state={document.state} />
          <span className="grow">
            <span className="block cut">{document.title}</span>
            <span className="small detail block cut">{stateOf(document, saved(document))}</span>
          </span>
        </li>
      ))}
      {model.folders.map((folder) => (
        <li key={folder.path} className="file" title={folder.path}>
          <Folder16Regular className="detail" />
          <span className="grow">
            <span className="block cut">{fileName(folder.path)}</span>
            {folder.readOnly && <span className="small detail block cut">{words.files.folderReadOnly}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}

function stateOf(document: DocumentView, saved: FileEntry | undefined): string {
  switch (document.state) {
    case "live":
      return words.files.live(document.kind);
    case "closed":
      return saved === undefined
        ? words.documentClosed(document.kind)
        : words.files.saved(size(saved.size), when(saved.at, Date.now()));
    case "gone":
      return words.files.gone;
  }
}

/** A file that was deleted, where it was said: it is in the journal, and comes back from here. */
export function RemovedFile({ changeSet }: { changeSet: string }): ReactElement | null {
  const { model } = useSession();
  const change = model.changes.find((each) => each.set.id === changeSet);
  const entry = change?.set.entries[0];
  if (change === undefined || entry === undefined) {
    return null;
  }
  const { set, undoneAt } = change;
  const now = Date.now();
  return (
    <section className="card file-result" aria-label={set.title}>
      <Glyph kind={entry.kind} state="closed" />
      <span className="grow" title={entry.document}>
        <span className={undoneAt === undefined ? "strong block cut struck" : "strong block cut"}>{entry.title}</span>
        <span className="small detail block cut">
          {undoneAt === undefined ? words.files.removed(when(set.at, now)) : words.files.restored(when(undoneAt, now))}
        </span>
      </span>
      <ReverseButton change={change} />
    </section>
  );
}

export function FileResult({ entry }: { entry: FileEntry }): ReactElement {
  const store = useStore();
  const state = useSession();
  const { model } = state;
  const document = documentNow(state, entry.document);
  const place = model.changes
    .flatMap((change) => change.set.entries)
    .findLast((each) => each.document === entry.document)?.target;
  return (
    <section className="card file-result" aria-label={fileName(entry.path)}>
      {document !== undefined && <Glyph kind={document.kind} state={document.state} />}
      <span className="grow" title={entry.path}>
        <span className="strong block cut">{fileName(entry.path)}</span>
        <span className="small detail block cut">
          {entry.title}, {words.files.saved(size(entry.size), when(entry.at, Date.now()))}
        </span>
      </span>
      {document?.state === "live" && place !== undefined && (
        <TextButton
          small
          icon={<Open16Regular />}
          onClick={() => {
            store.select(document.id, place);
          }}
        >
          {words.files.show}
        </TextButton>
      )}
    </section>
  );
}
