/// <reference types="office-js" />
// The id that the service knows a document by, kept in the document itself: it stays under another name and on disk.
//
// Touches the settings of Office.js (Common API, Settings 1.1) and nothing else of a document.

/** The service reads the setting under this name from closed files too. */
const SETTING = "deskhand.documentId";

/** The embedded id; none where the document bears none, or the host keeps no settings. */
export function embeddedId(): string | undefined {
  const id: unknown = settings()?.get(SETTING);
  return typeof id === "string" && id !== "" ? id : undefined;
}

/** Embeds an id. The document is not touched where it bears that id already. */
export function embedId(id: string): Promise<void> {
  const bag = settings();
  if (bag === undefined || embeddedId() === id) {
    return Promise.resolve();
  }
  const former = embeddedId();
  bag.set(SETTING, id);
  return new Promise((resolve, reject) => {
    bag.saveAsync((result) => {
      if (result.status === Office.AsyncResultStatus.Succeeded) {
        resolve();
        return;
      }
      // What is not in the document is not to be told of it, and is tried again.
      if (former === undefined) {
        bag.remove(SETTING);
      } else {
        bag.set(SETTING, former);
      }
      reject(new Error(result.error.message));
    });
  });
}

function settings(): Office.Settings | undefined {
  return Office.context.document.settings;
}
