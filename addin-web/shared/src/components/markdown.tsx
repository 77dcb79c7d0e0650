// Shows tokens of a model's Markdown as elements. Nothing becomes markup by itself: raw HTML is shown as it is written,
// pictures are left out, links go to https, http and mail alone (Invariant 9).
import type { MarkedToken, Token, Tokens } from "marked";
import { Fragment, memo, type ReactElement, type ReactNode, useRef } from "react";
import {
  type CitationToken,
  decodeEntities,
  emptyMarkdown,
  type MarkdownText,
  readMarkdown,
  safeAddress,
} from "../text/markdown.ts";
import { words } from "../words/en.ts";
import { CitationChip } from "./citation.tsx";

/** Reads a text that grows, keeping finished blocks. */
export function useMarkdown(text: string): MarkdownText {
  const before = useRef(emptyMarkdown);
  const read = readMarkdown(text, before.current);
  before.current = read;
  return read;
}

export function Markdown({ text, streaming }: { text: MarkdownText; streaming: boolean }): ReactElement {
  return (
    <div className={streaming ? "answer streaming" : "answer"}>
      {text.blocks.map((block, index) => (
        // The position names a block: finished ones never move.
        <Block key={index} raw={block.raw} token={block.token} />
      ))}
    </div>
  );
}

const Block = memo(
  function Block({ token }: { raw: string; token: Token }): ReactElement {
    return <>{blockOf(token)}</>;
  },
  (before, after) => before.raw === after.raw,
);

function blockOf(token: Token): ReactNode {
  const known = token as MarkedToken;
  switch (known.type) {
    case "heading":
      return <h3 className={known.depth < 3 ? "heading" : undefined}>{inline(known.tokens)}</h3>;
    case "paragraph":
      return <p>{inline(known.tokens)}</p>;
    case "list":
      return <List list={known} />;
    case "blockquote":
      return <blockquote>{blocks(known.tokens)}</blockquote>;
    case "code":
      return (
        <pre className="mono ltr" tabIndex={0}>
          {known.text}
        </pre>
      );
    case "table":
      return <Table table={known} />;
    case "hr":
      return <hr />;
    case "space":
    case "def":
      return null;
    case "text":
      return known.tokens === undefined ? decodeEntities(known.text) : inline(known.tokens);
    default:
      return <p>{known.raw}</p>;
  }
}

function blocks(tokens: readonly Token[] | undefined): ReactNode {
  return tokens?.map((token, index) => <Fragment key={index}>{blockOf(token)}</Fragment>);
}

function List({ list }: { list: Tokens.List }): ReactElement {
  const items = list.items.map((item, index) => (
    <li key={index}>
      {item.task && <input type="checkbox" checked={item.checked ?? false} disabled aria-label="" />}
      {blocks(item.tokens.filter((token) => token.type !== "checkbox"))}
    </li>
  ));
  return list.ordered ? <ol start={list.start === "" ? 1 : list.start}>{items}</ol> : <ul>{items}</ul>;
}

function Table({ table }: { table: Tokens.Table }): ReactElement {
  const cell = ({ tokens, header, align }: Tokens.TableCell, index: number): ReactElement =>
    header ? (
      <th key={index} scope="col" className={align === "right" ? "align-end" : undefined}>
        {inline(tokens)}
      </th>
    ) : (
      <td key={index} className={align === "right" ? "align-end" : undefined}>
        {inline(tokens)}
      </td>
    );
  return (
    <div className="table-scroll" tabIndex={0} role="group" aria-label={words.documentKind.workbook}>
      <table className="text-table num">
        <thead>
          <tr>{table.header.map(cell)}</tr>
        </thead>
        <tbody>
          {table.rows.map((row, index) => (
            <tr key={index}>{row.map(cell)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Inline tokens; a source keeps the punctuation behind it on its line. */
function inline(tokens: readonly Token[] | undefined): ReactNode {
  const shown: ReactNode[] = [];
  const rest = [...(tokens ?? [])];
  for (let index = 0; index < rest.length; index += 1) {
    const token = rest[index];
    if (token === undefined) {
      continue;
    }
    const following = rest[index + 1];
    const tail =
      token.type === "citation" && following?.type === "text" ? /^[.,;:!?)]+/.exec(following.raw)?.[0] : undefined;
    if (tail !== undefined && following !== undefined) {
      shown.push(
        <span key={index} className="cite-tail">
          {inlineOf(token)}
          {tail}
        </span>,
      );
      const raw = following.raw.slice(tail.length);
      rest[index + 1] = { type: "text", raw, text: raw };
    } else {
      shown.push(<Fragment key={index}>{inlineOf(token)}</Fragment>);
    }
  }
  return shown;
}

function inlineOf(token: Token): ReactNode {
  if (token.type === "citation") {
    const { label, document, target } = token as unknown as CitationToken;
    return <CitationChip document={document} target={target} label={label} />;
  }
  const known = token as MarkedToken;
  switch (known.type) {
    case "strong":
      return <strong className="num">{inline(known.tokens)}</strong>;
    case "em":
      return <em>{inline(known.tokens)}</em>;
    case "del":
      return <del>{inline(known.tokens)}</del>;
    case "codespan":
      return <code className="mono ltr">{decodeEntities(known.text)}</code>;
    case "br":
      return <br />;
    case "link":
      return <Link link={known} />;
    case "image":
      return <span className="detail">{words.message.image(decodeEntities(known.text))}</span>;
    case "escape":
      return known.text;
    case "text":
      return known.tokens === undefined ? decodeEntities(known.text) : inline(known.tokens);
    default:
      return known.raw;
  }
}

/** The host opens it in the browser; where it goes is always to be seen. */
function Link({ link }: { link: Tokens.Link }): ReactNode {
  const address = safeAddress(link.href);
  const text = inline(link.tokens);
  if (address === undefined) {
    return text;
  }
  return (
    <a href={address} target="_blank" rel="noopener noreferrer" title={address}>
      {text}
    </a>
  );
}
