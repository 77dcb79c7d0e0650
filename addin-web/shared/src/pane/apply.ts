// Answers `document/apply`: steps in order up to the first refusal. A batch that comes again is answered from memory, so
// that no operation is done twice; a batch that met an edited cell goes on where it stopped.
import type { ApplyAnswer, ApplyOutcome, ApplyParams } from "../generated/protocol.ts";
import type { DocumentHost } from "../host/document-host.ts";

/** Answers kept; the service asks again within moments, about the last one. */
const REMEMBERED = 32;

interface Batch {
  outcomes: ApplyOutcome[];
  /** The run that is under way; a repeated request joins it. */
  running: Promise<void> | undefined;
}

export class Applier {
  private readonly batches = new Map<string, Batch>();

  constructor(private readonly host: Pick<DocumentHost, "embed" | "perform">) {}

  async apply({ applyId, document, steps }: ApplyParams): Promise<ApplyAnswer> {
    const batch = this.batch(applyId);
    batch.running ??= this.run(batch, steps).finally(() => {
      batch.running = undefined;
    });
    await batch.running;
    if (applyId !== "" && batch.outcomes.some((outcome) => !isRefusal(outcome))) {
      // Only a document that was changed anyway gets its id. The answer does not wait; where the host cannot embed it
      // the document is known by its path, and the next change tries again.
      this.host.embed(document).catch(() => undefined);
    }
    return { outcomes: batch.outcomes };
  }

  private async run(batch: Batch, steps: ApplyParams["steps"]): Promise<void> {
    // Nothing was changed by a step that met an edited cell: it is tried again.
    batch.outcomes = batch.outcomes.filter((outcome) => !isBusy(outcome));
    while (batch.outcomes.length < steps.length && !batch.outcomes.some(isRefusal)) {
      const step = steps[batch.outcomes.length];
      if (step === undefined) {
        return;
      }
      batch.outcomes.push(await this.host.perform(step.operation, step.expected));
    }
  }

  /** The batch of this id; a batch without one only reads and is never remembered. */
  private batch(id: string): Batch {
    const batch = this.batches.get(id) ?? { outcomes: [], running: undefined };
    if (id !== "") {
      this.batches.delete(id);
      this.batches.set(id, batch);
      const [oldest] = this.batches.keys();
      if (this.batches.size > REMEMBERED && oldest !== undefined) {
        this.batches.delete(oldest);
      }
    }
    return batch;
  }
}

function isRefusal(outcome: ApplyOutcome): boolean {
  return "refusal" in outcome;
}

function isBusy(outcome: ApplyOutcome): boolean {
  return "refusal" in outcome && outcome.refusal.code === "busy";
}
