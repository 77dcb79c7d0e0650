// What was changed over all documents, newest first, each with its way back (Invariant 6).
import { Menu, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { type KeyboardEvent, type ReactElement, useState } from "react";
import { type ChangeState, isRemoval } from "../session/model.ts";
import { documentNow } from "../session/state.ts";
import { shortTitle, when } from "../text/format.ts";
import { words } from "../words/en.ts";
import { placeOf } from "./citation.tsx";
import { useSession, useStore } from "./context.tsx";
import { IconButton, LinkButton, TextButton } from "./controls.tsx";
import {
  ArrowRedo16Regular,
  ArrowUndo16Regular,
  Eye16Regular,
  Glyph,
  MoreHorizontal16Regular,
  Warning16Filled,
} from "./icons.tsx";

export function ChangesList(): ReactElement {
  const { model } = useSession();
  const newestFirst = [...model.changes].reverse();
  if (newestFirst.length === 0) {
    return <p className="small detail">{words.changeList.none}</p>;
  }
  return (
    <ul className="card plain-list">
      {newestFirst.map((change, index) => (
        <ChangeRow key={change.set.id} change={change} newest={index === 0} />
      ))}
    </ul>
  );
}

/** Undoes everything that stands, for the head of the list. */
export function UndoAll(): ReactElement | null {
  const store = useStore();
  const { model } = useSession();
  const oldest = model.changes[0];
  if (oldest === undefined || model.changes.every((change) => change.undoneAt !== undefined)) {
    return null;
  }
  return (
    <LinkButton
      onClick={() => {
        void store.undoFrom(oldest.set.id);
      }}
    >
      {words.changeList.undoAll}
    </LinkButton>
  );
}

function ChangeRow({ change, newest }: { change: ChangeState; newest: boolean }): ReactElement {
  const store = useStore();
  const session = useSession();
  const { set, undoneAt } = change;
  const entry = set.entries[0];
  const document = documentNow(session, entry?.document);
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "z" && (event.ctrlKey || event.metaKey) && undoneAt === undefined) {
      event.preventDefault();
      void store.undo(set.id);
    }
  };
  return (
    <li className={undoneAt === undefined ? "change" : "change change-undone"} onKeyDown={onKey}>
      {entry !== undefined && <Glyph kind={entry.kind} state={document?.state ?? "closed"} />}
      <div className="grow">
        <div className="row change-line">
          <div className="grow">
            <div className={entry?.kind === "file" ? "change-title path" : "change-title cut"}>{set.title}</div>
            <div className="small detail">{describe(change)}</div>
          </div>
          <ReverseButton change={change} />
          <ChangeMenu change={change} newest={newest} />
        </div>
        {entry?.kind === "file" && (
          <p className="small detail path">
            <bdi className="ltr">{entry.document}</bdi>
          </p>
        )}
        {document?.state === "closed" && undoneAt === undefined && (
          <p className="small detail">{words.changeList.onDisk}</p>
        )}
        {change.changedSince.length > 0 && (
          <div className="note note-warning">
            <Warning16Filled />
            <span>
              {words.changeList.changedSince(change.changedSince.map(placeOf).join(", "))}{" "}
              <LinkButton
                inline
                onClick={() => {
                  void store.undo(set.id, true);
                }}
              >
                {words.changeList.overwrite}
              </LinkButton>
            </span>
          </div>
        )}
        {session.conflicts.includes(set.id) && (
          <div className="note note-warning" role="alert">
            <Warning16Filled />
            <span>
              {words.changeList.fileChangedSince}{" "}
              <LinkButton
                inline
                onClick={() => {
                  void store.undo(set.id, true);
                }}
              >
                {words.changeList.undoAnyway(set.entries.length)}
              </LinkButton>
            </span>
          </div>
        )}
        {change.kept.length > 0 && (
          <p className="small detail path">
            {words.changeList.kept(change.kept.map(placeOf).join(", "))}{" "}
            {entry?.kind === "file" && (
              <LinkButton
                inline
                onClick={() => {
                  void store.undo(set.id, true);
                }}
              >
                {words.changeList.undoAnyway(change.kept.length)}
              </LinkButton>
            )}
          </p>
        )}
      </div>
    </li>
  );
}

const list = words.changeList;
const back = { verb: list.undo, doing: list.undoing, of: list.undoOf };
const again = { verb: list.redo, doing: list.redoing, of: list.redoOf };
/** A deletion says what becomes of the file. */
const fileBack = { verb: list.restore, doing: list.restoring, of: list.restoreOf };
const fileAgain = { verb: list.deleteAgain, doing: list.redoing, of: list.deleteAgainOf };

export function ReverseButton({ change }: { change: ChangeState }): ReactElement {
  const store = useStore();
  const { reversing } = useSession();
  const { id, title } = change.set;
  const undone = change.undoneAt !== undefined;
  const says = isRemoval(change.set) ? (undone ? fileAgain : fileBack) : undone ? again : back;
  if (reversing.includes(id)) {
    return (
      <span className="row small detail">
        <span className="ring" />
        {says.doing}
      </span>
    );
  }
  return (
    <TextButton
      small
      icon={undone ? <ArrowRedo16Regular /> : <ArrowUndo16Regular />}
      label={says.of(title)}
      onClick={() => {
        void (undone ? store.redo(id) : store.undo(id));
      }}
    >
      {says.verb}
    </TextButton>
  );
}

function ChangeMenu({ change, newest }: { change: ChangeState; newest: boolean }): ReactElement | null {
  const store = useStore();
  const [open, setOpen] = useState(false);
  const { id, title, entries } = change.set;
  // Only a document has places that can be shown.
  const shown = entries.filter((entry) => entry.kind !== "file");
  const undoesFrom = !newest && change.undoneAt === undefined;
  if (shown.length === 0 && !undoesFrom) {
    return null;
  }
  return (
    <Menu
      open={open}
      onOpenChange={(_event, data) => {
        setOpen(data.open);
      }}
    >
      <MenuTrigger disableButtonEnhancement>
        <IconButton small label={words.changeList.actions(title)} icon={<MoreHorizontal16Regular />} />
      </MenuTrigger>
      <MenuPopover className="surface">
        <MenuList>
          {shown.map((entry) => (
            <MenuItem
              key={`${entry.document}#${entry.target}`}
              icon={<Eye16Regular />}
              onClick={() => {
                store.select(entry.document, entry.target);
              }}
            >
              {words.changeList.showOf(placeOf(entry.target))}
            </MenuItem>
          ))}
          {undoesFrom && (
            <MenuItem
              icon={<ArrowUndo16Regular />}
              onClick={() => {
                void store.undoFrom(id);
              }}
            >
              {words.changeList.undoFrom}
            </MenuItem>
          )}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

/** "Summary, 8 cells, 14:31": where, how much, when. */
function describe({ set, undoneAt }: ChangeState): string {
  const now = Date.now();
  const entry = set.entries[0];
  const isFile = entry?.kind === "file";
  const where =
    entry === undefined || isFile ? undefined : whereOf(entry.kind === "workbook" ? entry.target : "", entry.title);
  const others = set.entries.length > 1 ? `+${set.entries.length - 1}` : undefined;
  if (undoneAt !== undefined) {
    const at = isRemoval(set) ? words.changeList.restoredAt : words.changeList.undoneAt;
    return [where, at(when(undoneAt, now))].filter(Boolean).join(", ");
  }
  const count = set.entries.reduce((sum, each) => sum + (each.kind === "workbook" ? each.count : 0), 0);
  const counted = count > 1 ? words.cells(count) : isFile && !isRemoval(set) ? words.lines(entry.count) : undefined;
  return [where, others, counted, when(set.at, now)].filter(Boolean).join(", ");
}

function whereOf(target: string, title: string): string {
  const sheet = /^(?:'((?:[^']|'')+)'|([^!']+))!/.exec(target);
  return sheet?.[1]?.replaceAll("''", "'") ?? sheet?.[2] ?? shortTitle(title);
}

/** In panes: what one turn changed, in the conversation. */
export function TurnChanges({ changes }: { changes: readonly ChangeState[] }): ReactElement {
  const store = useStore();
  const first = changes[0]?.set.entries[0];
  const document = documentNow(useSession(), first?.document);
  const standing = changes.filter((change) => change.undoneAt === undefined);
  return (
    <section className="card turn-changes" aria-label={words.changeList.turn(changes.length)}>
      <div className="row">
        <span className="strong grow">{words.changeList.turn(changes.length)}</span>
        {first !== undefined && <Glyph kind={first.kind} state={document?.state ?? "closed"} />}
      </div>
      <ul className="plain-list small secondary">
        {changes.map((change) => (
          <li key={change.set.id} className={change.undoneAt === undefined ? undefined : "struck detail"}>
            {change.set.title}
          </li>
        ))}
      </ul>
      <div className="row">
        {standing.length > 0 && (
          <TextButton
            small
            icon={<ArrowUndo16Regular />}
            onClick={() => {
              void undoEach(changes, (id) => store.undo(id));
            }}
          >
            {standing.every((change) => isRemoval(change.set)) ? words.changeList.restore : words.changeList.undo}
          </TextButton>
        )}
        {first !== undefined && first.kind !== "file" && (
          <TextButton
            small
            icon={<Eye16Regular />}
            onClick={() => {
              store.select(first.document, first.target);
            }}
          >
            {words.changeList.show}
          </TextButton>
        )}
      </div>
    </section>
  );
}

async function undoEach(changes: readonly ChangeState[], undo: (id: string) => Promise<boolean>): Promise<void> {
  for (const change of [...changes].reverse()) {
    if (change.undoneAt === undefined && !(await undo(change.set.id))) {
      return;
    }
  }
}
