// A pane: the app, and behind it the document that it stands in. Knows Office only through `DocumentHost`.
import { start, type Started } from "../app.tsx";
import { userError } from "../client/rpc.ts";
import type { FrontEndKind, LiveDocument } from "../generated/protocol.ts";
import type { DocumentHost } from "../host/document-host.ts";
import { words } from "../words/en.ts";
import { Applier } from "./apply.ts";
import { loadOffice } from "./office.ts";

/** How long `hello` waits for Office; a document that comes later is registered by itself. */
const OFFICE_PATIENCE_MS = 1_500;
const CHANGES_TOGETHER_MS = 250;
const MAX_TARGETS = 100;

export function startPane(
  kind: Extract<FrontEndKind, "excel" | "powerpoint">,
  createHost: () => Promise<DocumentHost>,
): void {
  const host = loadOffice(document).then(createHost);
  const applier = host.then((ready) => new Applier(ready));
  // Told below, once.
  applier.catch(() => undefined);
  const started = start({
    kind,
    calls: {
      "document/apply": async (params) => await (await applier).apply(params),
      "document/select": async ({ target }) => {
        await (await host).select(target);
        return {};
      },
    },
    document: async () => {
      const described = await Promise.race([describe(host), after(OFFICE_PATIENCE_MS)]);
      if (described !== undefined) {
        started.store.documentDescribed(described);
      }
      return described;
    },
  });
  host.then(
    (ready) => watch(started, ready),
    (error: unknown) => {
      const detail = error instanceof Error ? error.message : undefined;
      started.store.documentMissing({ ...userError("DOC_PANE_CLOSED", detail), happened: words.pane.noOffice });
    },
  );
}

/** What the document is; nothing where there is no Office around the page, so that the conversation still is there. */
async function describe(host: Promise<DocumentHost>): Promise<LiveDocument | undefined> {
  try {
    return await (await host).describe();
  } catch {
    return undefined;
  }
}

function after(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => {
      resolve(undefined);
    }, ms);
  });
}

/** Registers the document where `hello` went without it. */
async function register({ store, client }: Started, host: DocumentHost): Promise<void> {
  const { own, described, connection } = store.current();
  if (own === undefined && described === undefined && connection.kind === "online") {
    const document = await host.describe();
    store.documentDescribed(document);
    store.ownDocument((await client.request("document/open", { document })).document);
  }
}

async function watch({ store, client }: Started, host: DocumentHost): Promise<void> {
  await register({ store, client }, host);
  await host.onSelectionChanged((target) => {
    store.selectionChanged(target);
  });
  await host.onChanged(
    together((targets) => {
      const document = store.current().own?.id;
      if (document !== undefined) {
        // A change that the service does not hear of is found by the fingerprint of the next write.
        client.request("document/changed", { document, targets }).catch(() => undefined);
      }
    }),
  );
}

/** Collects what comes in quick succession into one call. */
function together(tell: (targets: string[]) => void): (targets: string[]) => void {
  let collected = new Set<string>();
  return (targets) => {
    if (collected.size === 0) {
      setTimeout(() => {
        const all = [...collected].slice(0, MAX_TARGETS);
        collected = new Set();
        tell(all);
      }, CHANGES_TOGETHER_MS);
    }
    targets.forEach((target) => collected.add(target));
  };
}
