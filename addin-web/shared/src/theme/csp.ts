// Griffel writes its rules into style elements at run time; under our policy each of them needs the nonce of this page load.
import { createDOMRenderer } from "@fluentui/react-components";

/** The nonce that the service wrote into the page, absent when the page was served without one. */
export function pageNonce(page: Document): string | undefined {
  const nonce = page.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content;
  return nonce === undefined || nonce === "" || nonce.startsWith("__") ? undefined : nonce;
}

export function createRenderer(page: Document): ReturnType<typeof createDOMRenderer> {
  const nonce = pageNonce(page);
  return createDOMRenderer(page, nonce === undefined ? {} : { styleElementAttributes: { nonce } });
}
