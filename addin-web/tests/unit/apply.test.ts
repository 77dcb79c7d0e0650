import { describe, expect, it } from "vitest";
import type { ApplyOutcome, ApplyParams, Operation, RefusalCode } from "../../shared/src/generated/protocol.ts";
import { Applier } from "../../shared/src/pane/apply.ts";

const operation = (range: string): Operation => ({ op: "range.clear", range });
const done = (range: string): ApplyOutcome => ({ answer: { op: "range.clear", target: range, changed: 1 } });
const refused = (code: RefusalCode): ApplyOutcome => ({ refusal: { code, message: code } });
const batch = (applyId: string, ...ranges: string[]): ApplyParams => ({
  applyId,
  document: "d",
  steps: ranges.map((range) => ({ operation: operation(range), expected: `mark of ${range}` })),
});

/** A document that answers as scripted, else does what it is asked. */
function documentOf(...script: ApplyOutcome[]): {
  did: string[];
  embedded: string[];
  embed: (id: string) => Promise<void>;
  perform: (op: Operation, mark?: string) => Promise<ApplyOutcome>;
} {
  const did: string[] = [];
  const embedded: string[] = [];
  return {
    did,
    embedded,
    embed: (id) => {
      embedded.push(id);
      return Promise.reject(new Error("no settings here"));
    },
    perform: (op, mark) => {
      const range = op.op === "range.clear" ? op.range : "";
      did.push(`${range} ${mark ?? "unmarked"}`);
      return Promise.resolve(script.shift() ?? done(range));
    },
  };
}

describe("document/apply", () => {
  it("does the steps in order with what each must find", async () => {
    const document = documentOf();
    expect(await new Applier(document).apply(batch("a", "A1", "B1"))).toEqual({ outcomes: [done("A1"), done("B1")] });
    expect(document.did).toEqual(["A1 mark of A1", "B1 mark of B1"]);
  });

  it("stops at the first refusal", async () => {
    const document = documentOf(done("A1"), refused("changed"));
    const answer = await new Applier(document).apply(batch("a", "A1", "B1", "C1"));
    expect(answer.outcomes).toEqual([done("A1"), refused("changed")]);
    expect(document.did).toHaveLength(2);
  });

  it("embeds the id of the document with the first change, whether or not the host can", async () => {
    const document = documentOf();
    await new Applier(document).apply(batch("a", "A1"));
    expect(document.embedded).toEqual(["d"]);
  });

  it("embeds nothing in a document that was only read, or whose change was refused", async () => {
    const document = documentOf(done("A1"), refused("changed"));
    const applier = new Applier(document);
    await applier.apply(batch("", "A1"));
    await applier.apply(batch("a", "A1"));
    expect(document.embedded).toEqual([]);
  });

  it("answers a batch that comes again from memory", async () => {
    const document = documentOf();
    const applier = new Applier(document);
    const first = await applier.apply(batch("a", "A1"));
    expect(await applier.apply(batch("a", "A1"))).toEqual(first);
    expect(document.did).toHaveLength(1);
  });

  it("joins a batch that is still under way", async () => {
    const document = documentOf();
    const applier = new Applier(document);
    await Promise.all([applier.apply(batch("a", "A1", "B1")), applier.apply(batch("a", "A1", "B1"))]);
    expect(document.did).toHaveLength(2);
  });

  it("goes on where it met an edited cell, without doing the steps before again", async () => {
    const document = documentOf(done("A1"), refused("busy"));
    const applier = new Applier(document);
    expect((await applier.apply(batch("a", "A1", "B1"))).outcomes).toEqual([done("A1"), refused("busy")]);
    expect((await applier.apply(batch("a", "A1", "B1"))).outcomes).toEqual([done("A1"), done("B1")]);
    expect(document.did.map((step) => step.slice(0, 2))).toEqual(["A1", "B1", "B1"]);
  });

  it("remembers nothing of reads, which carry no id", async () => {
    const document = documentOf();
    const applier = new Applier(document);
    await applier.apply(batch("", "A1"));
    await applier.apply(batch("", "A1"));
    expect(document.did).toHaveLength(2);
  });
});
