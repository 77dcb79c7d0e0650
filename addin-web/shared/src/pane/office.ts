// Loads office.js: the copy that the service offers where the administrator provides one, else Microsoft's. Which of the
// two may run is decided by the page's Content-Security-Policy, not here.

const OWN_COPY = "/office-js/office.js";
const MICROSOFT = "https://appsforoffice.microsoft.com/lib/1/hosted/office.js";

export async function loadOffice(page: Document): Promise<void> {
  try {
    await loadScript(page, OWN_COPY);
  } catch {
    await loadScript(page, MICROSOFT);
  }
}

function loadScript(page: Document, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = page.createElement("script");
    script.src = address;
    script.onload = () => {
      resolve();
    };
    script.onerror = () => {
      // office.js looks for its own address among the scripts of the page: one that failed must not be found.
      script.remove();
      reject(new Error(`${address} could not be loaded`));
    };
    page.head.append(script);
  });
}
