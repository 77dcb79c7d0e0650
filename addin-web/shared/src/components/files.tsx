// Files that the session made or works on, and one file as a result in the conversation.
import type { ReactElement } from "react";
import type { DocumentView } from "../generated/protocol.ts";
import type { FileEntry } from "../session/model.ts";
import { documentNow, sessionDocuments } from "../session/store.ts";
import { fileName, size, when } from "../text/format.ts";
import { words } from "../words/en.ts";
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
          <span className="grow cut">{fileName(folder.path)}</span>
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
