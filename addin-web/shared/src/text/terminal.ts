// What programs write for a terminal, as a page shows it: colours and moves of the cursor go, everything that could be read
// stays, and what cannot be seen is written out.
import { plain } from "./plain.ts";

/**
 * Control sequences without words of their own, by ECMA-48: CSI with its parameters, the choice of a character set, single
 * functions. Sequences that carry text (titles, links) are not among them: the text would go, too, and a model reads it.
 */
const moves = /(?:\u001b\[|\u009b)[0-?]{0,64}[ -/]{0,8}[@-~]|\u001b[ #%()*+][0-~]|\u001b[78=>DEHMNOZc]/g;

/** Text of a program without colours; what a carriage return starts over keeps a line of its own, other marks are written out. */
export function terminalText(text: string): string {
  return plain(text.replace(moves, "").replace(/\r\n?/g, "\n"));
}

/** The last lines of a text, at most so many. */
export function lastLines(text: string, count: number): string {
  const lines = text.split("\n");
  const end = lines.at(-1) === "" ? 1 : 0;
  return lines.slice(-(count + end)).join("\n");
}

/** Arguments as a shell would take them again, so that two are never read as one. */
export function asCommand(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}
