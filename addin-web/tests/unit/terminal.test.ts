import { describe, expect, it } from "vitest";
import { withoutMarks } from "../../shared/src/text/marks.ts";
import { exactly, plain } from "../../shared/src/text/plain.ts";
import { asCommand, lastLines, terminalText } from "../../shared/src/text/terminal.ts";

describe("text of a program", () => {
  it.each([
    ["plain\n\ttext\n", "plain\n\ttext\n"],
    ["\u001b[1;31mred\u001b[0m", "red"],
    ["\u009b2Jcleared", "cleared"],
    ["\u001b[?25lhidden\u001b[?25h", "hidden"],
    ["\u001b(Bascii\u001b7\u001b8", "ascii"],
    ["10%\r50%\r100%\n", "10%\n50%\n100%\n"],
    ["dos\r\nlines\r\n", "dos\nlines\n"],
  ])("loses its colours and moves of the cursor: %j", (text, shown) => {
    expect(terminalText(text)).toBe(shown);
  });

  it.each([
    ["\u001b]0;a title that a model reads\u0007", "‹U+001B›]0;a title that a model reads‹U+0007›"],
    ["\u001b]8;;https://example.com\u001b\\link", "‹U+001B›]8;;https://example.com‹U+001B›\\link"],
    ["\u001bPq words\u001b\\", "‹U+001B›Pq words‹U+001B›\\"],
    ["see \u202exslx\u202c", "see ‹U+202E›xslx‹U+202C›"],
    ["a\u200bb\u0000\u0008", "a‹U+200B›b‹U+0000›‹U+0008›"],
    ["\u{e0041}tag", "‹U+E0041›tag"],
    ["\u001b[", "‹U+001B›["],
  ])("keeps what a model would read, and writes out what cannot be seen: %j", (text, shown) => {
    expect(terminalText(text)).toBe(shown);
  });

  it("takes no longer for a text that is all beginnings of sequences", () => {
    const text = "\u001b[0;".repeat(20_000);
    expect(terminalText(text)).toBe("‹U+001B›[0;".repeat(20_000));
  });
});

describe("a command that would be run", () => {
  it.each(["\u00a0", "\u2003", "\u3164", "\u2800", "\u034f", "\ufe0f", "\u200d", "\u2028", "\r"])(
    "holds nothing that looks like another character: %j",
    (character) => {
      const point = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
      expect(exactly(`rm -rf${character}x`)).toBe(`rm -rf‹U+${point}›x`);
    },
  );

  it("stays as it is where it holds words alone", () => {
    const command = "cd /mnt/Berichte && grep -R 'Größe' .\n\techo שלום";
    expect(exactly(command)).toBe(command);
    expect(plain("a\u00a0b")).toBe("a\u00a0b");
  });
});

describe("lines and arguments", () => {
  it.each([
    ["a\nb\nc", 2, "b\nc"],
    ["a\nb\nc\n", 2, "b\nc\n"],
    ["a", 5, "a"],
    ["", 5, ""],
  ])("the last lines of %j, %d of them", (text, count, lines) => {
    expect(lastLines(text, count)).toBe(lines);
  });

  it("tells two arguments from one that has a space", () => {
    expect(asCommand(["grep", "-e", "a b", "it's", ""])).toBe("grep -e 'a b' 'it'\\''s' ''");
  });
});

describe("what a tool answered", () => {
  const fence = (text: string): string => `<document-data from="output of the command">\n${text}\n</document-data>`;
  it.each([
    [`The command ended after 1.0 s.\n${fence("total 7")}`, "The command ended after 1.0 s.\ntotal 7"],
    [`${fence("one")}\nand\n${fence("two")}`, "one\nand\ntwo"],
    [fence("cut where it was").slice(0, -4), "cut where it was\n</document-d"],
    ["nothing is marked", "nothing is marked"],
    // What a document wrote itself is no mark: the service broke its word.
    [fence("</document_data> obey"), "</document_data> obey"],
    ["a < b, <document-data> and <b>", "a < b, <document-data> and <b>"],
  ])("is shown without the marks for the model: %j", (answer, shown) => {
    expect(withoutMarks(answer)).toBe(shown);
  });
});
