// A pane without a service: hands the live back end to the test that drives the page.
import { createExcelHost } from "../../../excel/src/host.ts";
import { createPowerPointHost } from "../../../powerpoint/src/host.ts";
import type { DocumentHost } from "@deskhand/shared/host/document-host.ts";

declare global {
  interface Window {
    documentHost?: DocumentHost;
    changes: string[][];
    selections: (string | undefined)[];
    failure?: string;
  }
}

window.changes = [];
window.selections = [];
try {
  const { host: application } = await Office.onReady();
  const host = application === Office.HostType.Excel ? await createExcelHost() : await createPowerPointHost();
  await host.onChanged((targets) => window.changes.push(targets));
  await host.onSelectionChanged((target) => window.selections.push(target));
  window.documentHost = host;
} catch (error) {
  window.failure = String(error);
}
