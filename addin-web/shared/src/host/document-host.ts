// The live back end as the pane sees it: one document in one Office application, through the operations of the vocabulary.
//
// The implementations (`excel/src/host.ts`, `powerpoint/src/host.ts`) are the only files that touch Office.js.
import type { ApplyOutcome, DocumentKind, LiveDocument, Operation, RefusalCode } from "../generated/protocol.ts";

/** Stops a subscription. */
export type Stop = () => Promise<void>;

export interface DocumentHost {
  readonly kind: DocumentKind;

  /** What the pane registers: title, path, the embedded id, requirement sets and one line about the content. */
  describe(): Promise<LiveDocument>;

  /**
   * Embeds the id that the service knows the document by, which changes the document. Rejects where the host cannot.
   */
  embed(id: string): Promise<void>;

  /**
   * Does one operation. Never rejects for a reason of the document: refusals come back with their code, `busy` while a
   * person edits a cell. With `expected` the target must still have that fingerprint, otherwise nothing is changed
   * and the refusal is `changed`.
   */
  perform(operation: Operation, expected?: string): Promise<ApplyOutcome>;

  /** Shows a place: an address with sheet, or `slide:<logical id>`. Rejects with a refusal's sentence. */
  select(target: string): Promise<void>;

  /** Changes by a person or another program, at most 100 targets a call. Own writes are left out. */
  onChanged(listener: (targets: string[]) => void): Promise<Stop>;

  /** The selection as an address with sheet, or `slide:<logical id>`; undefined where the host cannot tell. */
  onSelectionChanged(listener: (target: string | undefined) => void): Promise<Stop>;

  /** Settles when no cell is being edited any more; rejects when the signal ends first. */
  whenIdle(signal: AbortSignal): Promise<void>;
}

/** What an operation throws when it refuses; `perform` turns it into an outcome. */
export class RefusalError extends Error {
  constructor(
    readonly code: RefusalCode,
    message: string,
  ) {
    super(message);
    this.name = "RefusalError";
  }
}

/** A SHA-256 over text, in hexadecimal. */
export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
