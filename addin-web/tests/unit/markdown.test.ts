import { describe, expect, it } from "vitest";
import {
  citationsOf,
  decodeEntities,
  emptyMarkdown,
  readMarkdown,
  safeAddress,
} from "../../shared/src/text/markdown.ts";

const LONG = [
  "# Title",
  "First paragraph with **bold** and `code`.",
  "- one\n- two [Summary!B8](cite:doc#Summary!B8)\n  - inner",
  "| a | b |\n|---|--:|\n| 1 | 2 |",
  "```\nlet x = 1;\n\nlet y = 2;\n```",
  "Last paragraph.",
].join("\n\n");

describe("reading Markdown", () => {
  it("gives the same blocks whether it comes at once or character by character", () => {
    let text = emptyMarkdown;
    for (let end = 1; end <= LONG.length; end += 1) {
      text = readMarkdown(LONG.slice(0, end), text);
    }
    expect(text.blocks.map((block) => block.raw.trim())).toEqual(
      readMarkdown(LONG).blocks.map((block) => block.raw.trim()),
    );
  });

  it("never changes a finished block again", () => {
    let text = emptyMarkdown;
    for (let end = 1; end <= LONG.length; end += 1) {
      const next = readMarkdown(LONG.slice(0, end), text);
      expect(next.blocks.slice(0, text.finished)).toEqual(text.blocks.slice(0, text.finished));
      next.blocks.slice(0, text.finished).forEach((block, index) => expect(block).toBe(text.blocks[index]));
      text = next;
    }
    expect(text.finished).toBe(text.blocks.length - 1);
  });

  it("starts anew when the text is another", () => {
    const before = readMarkdown("Some words.\n\nMore.");
    expect(readMarkdown("Other words.", before).blocks).toHaveLength(1);
  });

  it.each([
    ["[Summary!B8](cite:doc-1#Summary!B8)", "Summary!B8"],
    ["[B8](cite:doc-1#'Q1 2026'!B2)", "'Q1 2026'!B2"],
    ["[B8](cite:doc-1#'Plan (old)'!B2)", "'Plan (old)'!B2"],
    ["[Slide 3](cite:doc-1#slide:256)", "slide:256"],
    ["[B8](cite:doc-1#%27Q1%202026%27!B2)", "'Q1 2026'!B2"],
    ["[B8](cite:doc-1#100%!B2)", "100%!B2"],
  ])("reads the source %s", (source, target) => {
    expect(citationsOf(readMarkdown(`See ${source}.`))).toMatchObject([{ document: "doc-1", target }]);
  });

  it.each(["[x](cite:)", "[x](cite:doc)", "[x](cite:../etc#A1)", "[x](cite:doc#)", "![x](cite:doc#A1)"])(
    "takes %s for no source",
    (source) => {
      expect(citationsOf(readMarkdown(source))).toEqual([]);
    },
  );

  it("lists each source of a message once, also those in lists and tables", () => {
    const text = readMarkdown("- [A1](cite:d#S!A1)\n- [A1](cite:d#S!A1)\n\n| x |\n|---|\n| [B1](cite:d#S!B1) |");
    expect(citationsOf(text).map((citation) => citation.target)).toEqual(["S!A1", "S!B1"]);
  });

  it("shows nesting beyond reason as it is written", () => {
    const deep = "> ".repeat(20_000);
    expect(readMarkdown(deep).blocks.length).toBeGreaterThan(0);
  });
});

describe("links", () => {
  it.each(["https://example.com/a", "http://example.com/", "mailto:someone@example.com"])("opens %s", (href) => {
    expect(safeAddress(href)).toBe(href);
  });

  it.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "https://bank.example@evil.example/",
    "https://user:pass@example.com/",
    "file:///etc/passwd",
    "blob:https://localhost/x",
    "ms-excel:ofe|u|https://example.com/x.xlsx",
    "cite:doc#A1",
    "//example.com",
    "/relative",
    "",
  ])("refuses %j", (href) => {
    expect(safeAddress(href)).toBeUndefined();
  });
});

describe("entities", () => {
  it.each([
    ["A&amp;B &lt;b&gt; &quot;q&quot; &#39;s&#39; &nbsp;", "A&B <b> \"q\" 's' \u00a0"],
    ["&#x41;&#66;", "AB"],
    ["&#0; &#x110000; &nope; &copy", "&#0; &#x110000; &nope; &copy"],
  ])("decodes %j", (text, decoded) => {
    expect(decodeEntities(text)).toBe(decoded);
  });
});
