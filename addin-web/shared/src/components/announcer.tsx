// Speaks to screen readers: one announcement a finished block, questions and errors at once, progress at most every 10 s.
import type { Token } from "marked";
import { type ReactElement, useEffect, useRef, useState } from "react";
import type { Entry, SessionModel } from "../session/model.ts";
import { type CitationToken, emptyMarkdown, type MarkdownText, readMarkdown } from "../text/markdown.ts";
import { words } from "../words/en.ts";
import { useSession } from "./context.tsx";

const PROGRESS_EVERY_MS = 10_000;

/** What was spoken before, so that nothing is spoken twice. */
export interface Spoken {
  /** The messages that were seen to stream, as far as they were read. */
  messages: Map<string, { text: MarkdownText; blocks: number }>;
  once: Set<string>;
  progressAt: number;
}

export interface Announcements {
  polite: string[];
  assertive: string[];
}

export const nothingSpoken = (): Spoken => ({ messages: new Map(), once: new Set(), progressAt: 0 });

/** What is new in the model since it was last looked at. */
export function announcements(model: SessionModel, spoken: Spoken, now: number): Announcements {
  const said: Announcements = { polite: [], assertive: [] };
  for (const entry of model.entries) {
    if (entry.kind === "message") {
      said.polite.push(...finishedBlocks(entry, spoken));
    } else if (entry.kind === "approval" && entry.settled === undefined && first(spoken, entry.id)) {
      said.assertive.push(words.approval.announced(entry.request.question));
    } else if (entry.kind === "failure" && first(spoken, entry.id)) {
      said.assertive.push(`${entry.error.happened} ${entry.error.kept} ${entry.error.action}`);
    }
  }
  const running = model.entries.findLast((entry) => entry.kind === "call" && entry.state === "running");
  if (running?.kind === "call" && now - spoken.progressAt >= PROGRESS_EVERY_MS && first(spoken, running.id)) {
    spoken.progressAt = now;
    said.polite.push(running.title);
  }
  return said;
}

function first(spoken: Spoken, id: string): boolean {
  const fresh = !spoken.once.has(id);
  spoken.once.add(id);
  return fresh;
}

function finishedBlocks(entry: Extract<Entry, { kind: "message" }>, spoken: Spoken): string[] {
  const before = spoken.messages.get(entry.id);
  if (before === undefined && entry.state !== "streaming") {
    // Of a turn that ended before this page looked: it is there to be read, not spoken.
    return [];
  }
  const text = readMarkdown(entry.text, before?.text ?? emptyMarkdown);
  const upTo = entry.state === "streaming" ? text.finished : text.blocks.length;
  const from = before?.blocks ?? 0;
  spoken.messages.set(entry.id, { text, blocks: Math.max(upTo, from) });
  return text.blocks.slice(from, upTo).map((block) => plain(block.token));
}

function plain(token: Token): string {
  if (token.type === "citation") {
    return (token as unknown as CitationToken).label;
  }
  if (token.type === "list") {
    return ((token as { items?: Token[] }).items ?? []).map(plain).join(". ");
  }
  const inner = "tokens" in token ? token.tokens : undefined;
  return inner === undefined ? ("text" in token ? String(token.text) : token.raw) : inner.map(plain).join("");
}

export function Announcer(): ReactElement {
  const { model } = useSession();
  const spoken = useRef(nothingSpoken());
  const [said, setSaid] = useState<Announcements>({ polite: [], assertive: [] });
  useEffect(() => {
    const fresh = announcements(model, spoken.current, Date.now());
    if (fresh.polite.length + fresh.assertive.length > 0) {
      setSaid(fresh);
    }
  }, [model]);
  return (
    <div className="visually-hidden">
      <div aria-live="polite">{said.polite.join(" ")}</div>
      <div aria-live="assertive">{said.assertive.join(" ")}</div>
    </div>
  );
}
