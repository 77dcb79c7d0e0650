// The token of this front end: from the page's address (window, terminal) or from pairing (panes).
import type { FrontEndKind } from "../generated/protocol.ts";

export interface TokenStore {
  read(): string | undefined;
  write(token: string | undefined): void;
}

/** Where a token outlives a reload: a pane's until it is revoked, the window's until it is closed. */
export function tokenStore(kind: FrontEndKind, page: Pick<Window, "localStorage" | "sessionStorage">): TokenStore {
  const key = `deskhand.token.${kind}`;
  let memory: string | undefined;
  const storage = (): Storage | undefined => {
    try {
      return kind === "window" ? page.sessionStorage : page.localStorage;
    } catch {
      // A host may forbid storage to framed pages; the token then lives as long as the page.
      return undefined;
    }
  };
  return {
    read: () => memory ?? storage()?.getItem(key) ?? undefined,
    write: (token) => {
      memory = token;
      if (token === undefined) {
        storage()?.removeItem(key);
      } else {
        storage()?.setItem(key, token);
      }
    },
  };
}

/** The place of the window that an address names, beside a token or alone: `#configuration`. Alone it is taken out. */
export function takePlaceFromAddress(location: Pick<Location, "hash" | "replace">): "configuration" | undefined {
  const named = new URLSearchParams(location.hash.slice(1));
  if (!named.has("configuration")) {
    return undefined;
  }
  if (!named.has("token")) {
    location.replace("#");
  }
  return "configuration";
}

/**
 * Takes the token out of `#token=…` and the address. `location.replace` takes it out of the session's list of visited
 * addresses too, which setting `location.hash` would not.
 */
export function takeTokenFromAddress(location: Pick<Location, "hash" | "replace">): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? undefined;
  if (token !== undefined) {
    location.replace("#");
  }
  return token === "" ? undefined : token;
}
