import { describe, expect, it } from "vitest";
import { announcements, nothingSpoken } from "../../shared/src/components/announcer.tsx";
import type { EventBody } from "../../shared/src/generated/protocol.ts";
import { fold } from "../../shared/src/session/fold.ts";
import { emptyModel } from "../../shared/src/session/model.ts";
import { numbered, waitingTurn, workingTurn } from "../story.ts";

const usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

describe("what is spoken", () => {
  it("is each finished block once, not each token", () => {
    const words = "First **part**.\n\n- one\n- two\n\nLast.";
    const bodies: EventBody[] = [
      { type: "messageStarted", turn: "t", message: "m" },
      ...Array.from(words).map((text): EventBody => ({ type: "textDelta", message: "m", text })),
      {
        type: "messageCompleted",
        turn: "t",
        message: "m",
        blocks: [{ type: "text", text: words }],
        stop: "endTurn",
        usage,
      },
    ];
    const spoken = nothingSpoken();
    let model = emptyModel();
    const said = numbered(bodies).flatMap((event) => {
      model = fold(model, [event]);
      return announcements(model, spoken, 0).polite;
    });
    expect(said).toEqual(["First part.", "one. two", "Last."]);
  });

  it("is nothing of what was said before this page looked", () => {
    expect(announcements(fold(emptyModel(), waitingTurn), nothingSpoken(), 0).polite).toEqual([]);
  });

  it("is a question at once, and only once", () => {
    const model = fold(emptyModel(), waitingTurn);
    const spoken = nothingSpoken();
    expect(announcements(model, spoken, 0).assertive).toEqual([
      "Overwrite 8 cells on Summary? Press Alt+A to go to the question.",
    ]);
    expect(announcements(model, spoken, 0).assertive).toEqual([]);
  });

  it("is progress at most every ten seconds", () => {
    const spoken = nothingSpoken();
    spoken.progressAt = 100_000;
    const model = fold(
      emptyModel(),
      workingTurn.filter((event) => event.type !== "textDelta" && event.type !== "messageStarted"),
    );
    expect(announcements(model, spoken, 109_999).polite).toEqual([]);
    expect(announcements(model, spoken, 110_000).polite).toEqual([
      "Building the chart in the file, then inserting the slide",
    ]);
  });
});
