import { cleanup } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import type { EventBody } from "../../shared/src/generated/protocol.ts";
import { open } from "../page.tsx";
import { numbered } from "../story.ts";

afterEach(cleanup);

async function shown(text: string): Promise<HTMLElement> {
  const event: EventBody = {
    ...{ type: "messageCompleted", turn: "t", message: "m", stop: "endTurn" },
    ...{ blocks: [{ type: "text", text }], usage: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } },
  };
  await open({ kind: "excel", events: numbered([event]) });
  return document.querySelector<HTMLElement>(".answer") ?? document.body;
}

const attacks = [
  "<script>globalThis.hit = 1</script>",
  '<img src=x onerror="globalThis.hit = 1">',
  "<svg/onload=globalThis.hit=1>",
  '<iframe src="https://example.com"></iframe>',
  '<a href="javascript:globalThis.hit=1">here</a>',
  "<style>body{display:none}</style>",
  '<form action="https://example.com"><input name=q></form>',
  '<meta http-equiv="refresh" content="0;url=https://example.com">',
  '<base href="https://example.com/">',
  '<math><mtext><table><mglyph><style><img src=x onerror="globalThis.hit=1">',
  "![logo](https://example.com/leak?q=secret)",
  "![x][ref]\n\n[ref]: https://example.com/leak",
  "[here](javascript:globalThis.hit=1)",
  "[here](data:text/html;base64,PHNjcmlwdD4=)",
  "[here](JAVASCRIPT&colon;globalThis.hit=1)",
  "<javascript:globalThis.hit=1>",
  '[S!A1](cite:doc#x" onclick="globalThis.hit=1)',
  "[<img src=x onerror=globalThis.hit=1>](https://example.com)",
  "| a |\n|---|\n| <img src=x onerror=globalThis.hit=1> |",
  "```html\n<script>globalThis.hit = 1</script>\n```",
  "`<img src=x onerror=globalThis.hit=1>`",
  "- <details open ontoggle=globalThis.hit=1>",
  "# <script>globalThis.hit = 1</script>",
];

describe("text of a model", () => {
  it.each(attacks)("never becomes markup, loads nothing and runs nothing: %j", async (text) => {
    const answer = await shown(text);
    const forbidden = "script,img,svg,iframe,object,embed,style,form,meta,base,math,link,video,audio,details";
    expect([...answer.querySelectorAll(forbidden)].map((element) => element.tagName)).toEqual([]);
    const attributes = [...answer.querySelectorAll("*")].flatMap((element) => element.getAttributeNames());
    expect(
      attributes.filter((name) => name.startsWith("on") || ["src", "srcset", "style", "action"].includes(name)),
    ).toEqual([]);
    const addresses = [...answer.querySelectorAll("a")].map((link) => new URL(link.href).protocol);
    expect(addresses.filter((protocol) => protocol !== "https:")).toEqual([]);
    expect((globalThis as { hit?: number }).hit).toBeUndefined();
  });

  it("keeps what a person may need to read: the words and where a link goes", async () => {
    const answer = await shown("See [the page](https://example.com/a?b=1) and ![a chart](https://example.com/c.png).");
    const link = answer.querySelector("a");
    expect(link?.title).toBe("https://example.com/a?b=1");
    expect(link?.rel).toBe("noopener noreferrer");
    expect(answer.textContent).toContain("[picture left out: a chart]");
  });

  it("is shown whole where it only looks like markup", async () => {
    const answer = await shown('If A1<B1 and B1>C1, use =IF(A1<B1,"x","y") & go on.');
    expect(answer.textContent).toBe('If A1<B1 and B1>C1, use =IF(A1<B1,"x","y") & go on.');
  });
});
