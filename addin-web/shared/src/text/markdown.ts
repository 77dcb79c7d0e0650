// Reads a model's Markdown into blocks of tokens, without making markup: what a token may show is decided in
// `components/markdown.tsx`. Finished blocks keep their identity while a message streams.
import { Marked, type Token, type Tokens } from "marked";

/** A source: `[Summary!B8](cite:DOCUMENT#Summary!B8)`. Sheet names may hold blanks and brackets in pairs. */
export interface CitationToken {
  type: "citation";
  raw: string;
  label: string;
  document: string;
  target: string;
}

const CITATION = /^\[([^[\]\n]{1,200})\]\(cite:([A-Za-z0-9-]{1,64})#((?:[^()\n]|\([^()\n]*\)){1,300})\)/;

const marked = new Marked({
  gfm: true,
  extensions: [
    {
      name: "citation",
      level: "inline",
      start: (source) => source.search(/\[[^[\]\n]{1,200}\]\(cite:/),
      tokenizer: (source): (Tokens.Generic & CitationToken) | undefined => {
        const match = CITATION.exec(source);
        if (match === null) {
          return undefined;
        }
        const [raw, label = "", document = "", target = ""] = match;
        return { type: "citation", raw, label, document, target: decoded(target) };
      },
    },
  ],
});

function decoded(target: string): string {
  try {
    return decodeURIComponent(target);
  } catch {
    return target;
  }
}

/** One block of a message. Blocks with the same `raw` look the same. */
export interface MarkdownBlock {
  raw: string;
  token: Token;
}

export interface MarkdownText {
  source: string;
  blocks: readonly MarkdownBlock[];
  /** How many of `blocks` are finished, and how much of `source` they cover. */
  finished: number;
  covered: number;
}

export const emptyMarkdown: MarkdownText = { source: "", blocks: [], finished: 0, covered: 0 };

/** Reads `text`, going on from what was read before where `text` only grew. */
export function readMarkdown(text: string, before: MarkdownText = emptyMarkdown): MarkdownText {
  const source = text.replace(/\r\n?/g, "\n");
  const from = source.startsWith(before.source) ? before : emptyMarkdown;
  if (source === from.source) {
    return from;
  }
  const kept = from.blocks.slice(0, from.finished);
  const read = blocksOf(source.slice(from.covered));
  const last = read.findLastIndex((token) => token.type !== "space");
  const blocks = [...kept];
  let { finished, covered } = from;
  read.forEach((token, index) => {
    if (token.type !== "space") {
      blocks.push({ raw: token.raw, token });
    }
    if (index < last) {
      covered += token.raw.length;
      finished = blocks.length;
    }
  });
  return { source, blocks, finished, covered };
}

function blocksOf(source: string): Token[] {
  try {
    return marked.lexer(source);
  } catch {
    // Nesting beyond what the reader bears: shown as it is written.
    return [{ type: "paragraph", raw: source, text: source, tokens: [{ type: "text", raw: source, text: source }] }];
  }
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

/** The text of a token: the few entities that models write, and numbered ones. */
export function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,4}));/gi, (whole, decimal, hex, name) => {
    const named = typeof name === "string" ? ENTITIES[name] : undefined;
    if (named !== undefined) {
      return named;
    }
    const code = typeof decimal === "string" ? Number(decimal) : typeof hex === "string" ? Number.parseInt(hex, 16) : 0;
    return code > 31 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** The address of a link that may be opened: https, http or mail; nothing else is a link. */
export function safeAddress(href: string): string | undefined {
  let url: URL;
  try {
    url = new URL(href);
  } catch {
    return undefined;
  }
  // `https://bank.example@evil.example` leads to the second host and reads like the first.
  const disguised = url.username !== "" || url.password !== "";
  return !disguised && ["https:", "http:", "mailto:"].includes(url.protocol) ? url.href : undefined;
}

export interface Citation {
  label: string;
  document: string;
  target: string;
}

/** Every source that a message names, each once, in order. */
export function citationsOf(text: MarkdownText): Citation[] {
  const found = new Map<string, Citation>();
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) {
      value.forEach(walk);
    } else if (typeof value === "object" && value !== null) {
      if ("type" in value && value.type === "citation") {
        const { label, document, target } = value as CitationToken;
        found.set(`${document}#${target}`, { label, document, target });
      }
      Object.values(value).forEach(walk);
    }
  };
  text.blocks.forEach((block) => {
    walk(block.token);
  });
  return [...found.values()];
}
