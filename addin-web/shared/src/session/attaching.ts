// What a person chose in a dialog or dropped on the window, and what is said where some of it was not attached.
import { userError } from "../client/rpc.ts";
import type { UserError } from "../generated/protocol.ts";
import { fileName } from "../text/format.ts";
import { words } from "../words/en.ts";

export interface ChosenItem {
  path: string;
  kind: "folder" | "file" | "other";
}

/** Folders and files; no items where there are too many of them. */
export interface Chosen {
  items: readonly ChosenItem[];
  total: number;
}

/** Something that was not attached, and why. */
export interface NotAttached {
  path: string;
  error: UserError;
}

/** Names in one sentence. */
const NAMED = 3;

export function tooMany({ total }: Chosen): UserError {
  const { tooMany: happened, nothing: kept, tooManyAction: action } = words.attach;
  return { code: "RPC_TOO_LARGE", happened: happened(total), kept, action };
}

/** What is neither a folder nor a file: a socket, or something that is gone. */
export function neither(): UserError {
  return { ...userError("DOC_WRONG_KIND"), happened: words.attach.neither };
}

/** A browser does not tell a page where a dropped file lies, and a pane may not open files. */
export function dropNotRead(window: boolean): UserError {
  const { dropped: happened, nothing: kept, droppedAction, droppedInPane } = words.attach;
  return { code: "FOLDER_REFUSED", happened, kept, action: window ? droppedAction : droppedInPane };
}

/** One error for all that was not attached, of so many. */
export function notAttached(failed: readonly NotAttached[], of: number): UserError | undefined {
  const [first] = failed;
  if (first === undefined) {
    return undefined;
  }
  const names = failed.slice(0, NAMED).map(({ path }) => fileName(path));
  const happened = words.attach.notAttached(names, failed.length, of);
  return {
    ...first.error,
    happened: `${happened} ${first.error.happened}`,
    kept: failed.length < of ? words.attach.others : first.error.kept,
  };
}
