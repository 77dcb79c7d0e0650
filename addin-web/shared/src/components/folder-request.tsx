// A folder that the model asks for: which one, what could be done in it, and why in the model's words. The person attaches it,
// another one, or none.
import { type ReactElement, useId, useState } from "react";
import type { Choice, PermissionRequest } from "../generated/protocol.ts";
import { words } from "../words/en.ts";
import { useApp } from "./context.tsx";
import { LinkButton, PathField, TextButton } from "./controls.tsx";
import { PickButton } from "./pick-button.tsx";

/** The folder and the reason, above what the question says itself. */
export function FolderAsked({ request }: { request: PermissionRequest }): ReactElement {
  const { path, directory } = request;
  return (
    <>
      {path !== undefined && (
        <p className="small path">
          <bdi className="ltr">{path}</bdi>
          <span className="detail block">{directory?.readOnly === true ? words.attach.readOnly : words.attach.readWrite}</span>
        </p>
      )}
      <p className="small model-words">
        {words.attach.reason} <q dir="auto">{directory?.reason}</q>
      </p>
    </>
  );
}

interface ChoicesProps {
  request: PermissionRequest;
  /** False where the answer was not taken. */
  onAnswer: (choice: Choice, folder?: string) => Promise<boolean>;
}

export function FolderChoices({ request, onAnswer }: ChoicesProps): ReactElement {
  const { kind } = useApp();
  const [given, setGiven] = useState<string | undefined>();
  const [another, setAnother] = useState(false);
  // A pane may not open files of this computer: what it may do is allow or deny the folder that is named.
  const names = kind === "window";
  const fold = useId();
  const answer = (choice: Choice, folder?: string): void => {
    setGiven(words.approval[choice]);
    void onAnswer(choice, folder).then((taken) => {
      if (!taken) {
        setGiven(undefined);
      }
    });
  };
  return (
    <>
      {request.path === undefined && !names && <p className="small secondary">{words.attach.inWindow}</p>}
      {names && (another || request.path === undefined) && (
        <FolderField id={fold} blocked={given} onFolder={(folder) => answer("allowOnce", folder)} />
      )}
      <div className="row choices" role="group" aria-label={words.approval.answers}>
        {request.path !== undefined && !another && (
          <TextButton look="main" blocked={given} onClick={() => answer("allowOnce")}>
            {words.attach.attach}
          </TextButton>
        )}
        {names && request.path !== undefined && (
          <LinkButton expanded={another} onClick={() => setAnother(!another)}>
            {another ? words.attach.asked : words.attach.another}
          </LinkButton>
        )}
        <TextButton look="quiet" className="end" blocked={given} onClick={() => answer("deny")}>
          {words.approval.deny}
        </TextButton>
      </div>
    </>
  );
}

interface FieldProps {
  id: string;
  blocked: string | undefined;
  onFolder: (folder: string) => void;
}

function FolderField({ id, blocked, onFolder }: FieldProps): ReactElement {
  const [path, setPath] = useState("");
  const folder = path.trim();
  const attach = (): void => {
    if (folder !== "" && blocked === undefined) {
      onFolder(folder);
    }
  };
  return (
    <form
      className="attach-path"
      id={id}
      onSubmit={(event) => {
        event.preventDefault();
        attach();
      }}
    >
      <PathField label={words.attach.folderPath} path={path} onPath={setPath} />
      <div className="row">
        <PickButton
          what="folder"
          onChosen={({ items }) => {
            setPath(items[0]?.path ?? path);
          }}
        >
          {words.attach.choose}
        </PickButton>
        <TextButton
          small
          look="main"
          blocked={folder === "" ? words.attach.folderPath : blocked}
          onClick={attach}
        >
          {words.attach.attachThis}
        </TextButton>
      </div>
    </form>
  );
}
