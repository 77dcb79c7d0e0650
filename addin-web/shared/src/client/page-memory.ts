// What outlives a reload of this page, and nothing longer: text that was not sent yet. A host may forbid it; then the
// page remembers as long as it lives.

export interface PageMemory {
  read(key: string): string | undefined;
  write(key: string, text: string | undefined): void;
}

const PREFIX = "deskhand.";

export function pageMemory(page: Pick<Window, "sessionStorage">): PageMemory {
  return {
    read: (key) => {
      try {
        return page.sessionStorage.getItem(PREFIX + key) ?? undefined;
      } catch {
        return undefined;
      }
    },
    write: (key, text) => {
      try {
        if (text === undefined || text === "") {
          page.sessionStorage.removeItem(PREFIX + key);
        } else {
          page.sessionStorage.setItem(PREFIX + key, text);
        }
      } catch {
        // Forbidden or full: the text is still on the page.
      }
    },
  };
}
