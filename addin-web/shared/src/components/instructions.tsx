// What the model is told beside the conversation, in its order: by the organisation, by the person, for folders; and the
// notes that the agent kept about folders. The person reads, changes, pauses and deletes.
import { type ReactElement, useCallback, useEffect, useId, useState } from "react";
import type { Guidance, InstructionsAnswer, PutInstructionsParams } from "../generated/protocol.ts";
import { date, fileName } from "../text/format.ts";
import { words } from "../words/en.ts";
import { useApp, useSession } from "./context.tsx";
import { TextButton } from "./controls.tsx";
import { Folder16Regular, LockClosed16Regular } from "./icons.tsx";

/** Answers whether it was kept; the reason is shown where it was not. */
type Put = (params: PutInstructionsParams) => Promise<boolean>;

export function Instructions(): ReactElement {
  const { kind } = useApp();
  const { model } = useSession();
  const { answer, put } = useInstructions();
  if (answer === undefined) {
    return (
      <p className="row small detail">
        <span className="ring" />
        {words.instructions.reading}
      </p>
    );
  }
  const here = model.folders.map((folder) => folder.path);
  const known = answer.guidance.flatMap(({ folder }) => (folder === undefined || here.includes(folder) ? [] : [folder]));
  return (
    <div className="permissions" tabIndex={0}>
      <h2>{words.instructions.title}</h2>
      <p className="small secondary">
        {words.instructions.text}
        {kind !== "window" && ` ${words.instructions.inWindow}`}
      </p>
      {answer.organization !== undefined && (
        <section aria-label={words.instructions.organization}>
          <h2 className="row">
            {words.instructions.organization}
            <LockClosed16Regular className="detail" aria-label={words.managed.short} />
          </h2>
          <p className="small told" dir="auto">
            {answer.organization}
          </p>
        </section>
      )}
      <section aria-label={words.instructions.own}>
        <h2>{words.instructions.own}</h2>
        <Text place={{}} answer={answer} what={words.instructions.own} hint={words.instructions.ownHint} put={put} />
      </section>
      {[...here, ...new Set(known)].map((folder) => (
        <FolderTexts key={folder} folder={folder} answer={answer} put={put} />
      ))}
    </div>
  );
}

function FolderTexts({ folder, answer, put }: { folder: string; answer: InstructionsAnswer; put: Put }): ReactElement {
  const what = words.instructions.folder(fileName(folder));
  const notes = answer.guidance.filter((one) => one.folder === folder && one.note !== undefined);
  return (
    <section aria-label={what}>
      <h2 className="row">
        <Folder16Regular className="detail" />
        {what}
      </h2>
      <p className="small secondary path">
        <bdi className="ltr">{folder}</bdi>
      </p>
      <Text place={{ folder }} answer={answer} what={what} hint={words.instructions.folderHint} put={put} />
      {notes.length > 0 && (
        <>
          <h3 className="strong small">{words.instructions.notes}</h3>
          <p className="small secondary">
            {answer.notesClosed ? words.instructions.notesClosed : words.instructions.notesText}
          </p>
          {notes.map(({ note }) => (
            <Text key={note} place={{ folder, note }} answer={answer} what={note ?? ""} hint="" put={put} />
          ))}
        </>
      )}
    </section>
  );
}

interface TextProps {
  place: Pick<Guidance, "folder" | "note">;
  answer: InstructionsAnswer;
  /** Its name for whoever hears and does not see. */
  what: string;
  hint: string;
  put: Put;
}

function Text({ place, answer, what, hint, put }: TextProps): ReactElement {
  const { kind } = useApp();
  const kept = answer.guidance.find((one) => one.folder === place.folder && one.note === place.note);
  const [typed, setTyped] = useState<string | undefined>();
  const id = useId();
  const text = typed ?? kept?.text ?? "";
  const save = (params: Pick<PutInstructionsParams, "text" | "paused">): void => {
    void put({ ...place, ...params }).then((isKept) => {
      if (isKept) {
        setTyped(undefined);
      }
    });
  };
  const paused = kept?.paused ?? false;
  return (
    <div className="guidance">
      {place.note !== undefined && (
        <label className="small strong" htmlFor={id}>
          {place.note}
        </label>
      )}
      {kind === "window" ? (
        <textarea
          id={id}
          className="field guidance-text"
          dir="auto"
          rows={Math.min(8, Math.max(2, text.split("\n").length))}
          aria-label={what}
          placeholder={hint}
          value={text}
          onChange={(event) => {
            setTyped(event.target.value);
          }}
        />
      ) : (
        <p className="small told" dir="auto">
          {text === "" ? words.instructions.none : text}
        </p>
      )}
      <div className="row small detail">
        {kept !== undefined && (
          <span>
            {place.note !== undefined && `${kept.byAgent ? words.instructions.byAgent : words.instructions.byYou}, `}
            {date(kept.changedAt)}
            {paused && ` · ${words.instructions.paused}`}
          </span>
        )}
        {kind === "window" && (
          <span className="row end">
            {kept !== undefined && (
              <>
                <TextButton
                  small
                  look="quiet"
                  label={paused ? words.instructions.resumeOf(what) : words.instructions.pauseOf(what)}
                  onClick={() => {
                    save({ text: kept.text, paused: !paused });
                  }}
                >
                  {paused ? words.instructions.resume : words.instructions.pause}
                </TextButton>
                <TextButton
                  small
                  look="quiet"
                  label={words.instructions.removeOf(what)}
                  onClick={() => {
                    save({ text: "", paused: false });
                  }}
                >
                  {words.instructions.remove}
                </TextButton>
              </>
            )}
            {typed !== undefined && typed !== kept?.text && (
              <TextButton
                small
                look="main"
                label={words.instructions.saveOf(what)}
                onClick={() => {
                  save({ text: typed, paused });
                }}
              >
                {words.instructions.save}
              </TextButton>
            )}
          </span>
        )}
      </div>
    </div>
  );
}

function useInstructions(): { answer: InstructionsAnswer | undefined; put: Put } {
  const { store } = useApp();
  const { connection } = useSession();
  const [answer, setAnswer] = useState<InstructionsAnswer | undefined>();
  const online = connection.kind === "online";
  useEffect(() => {
    let current = online;
    if (online) {
      void store.instructions().then((found) => {
        if (current && found !== undefined) {
          setAnswer(found);
        }
      });
    }
    return () => {
      current = false;
    };
  }, [store, online]);
  const put = useCallback(
    async (params: PutInstructionsParams) => {
      const found = await store.putInstructions(params);
      if (found !== undefined) {
        setAnswer(found);
      }
      return found !== undefined;
    },
    [store],
  );
  return { answer, put };
}
