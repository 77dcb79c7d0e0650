// The keys of the product. A key that Office owns is not taken: the page hears keys only while the focus is in it.
import { useEffect } from "react";
import type { SessionStore } from "../session/store.ts";

export interface KeyActions {
  search: () => void;
  newSession: (() => void) | undefined;
  keys: () => void;
}

export function useKeyboard(store: SessionStore, actions: KeyActions): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented) {
        return;
      }
      const run = actionOf(event, store, actions);
      if (run !== undefined) {
        event.preventDefault();
        run();
      }
    };
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", onKey);
    };
  });
}

function actionOf(event: KeyboardEvent, store: SessionStore, actions: KeyActions): (() => void) | undefined {
  const meta = event.ctrlKey || event.metaKey;
  switch (event.key) {
    case "F6":
      return () => {
        moveArea(event.shiftKey ? -1 : 1);
      };
    case "Escape":
      // An open popover takes Esc first.
      return document.querySelector(".surface") === null && store.current().model.turn !== undefined
        ? () => {
            store.stop();
          }
        : undefined;
    case "a":
    case "A":
      return event.altKey ? goToApproval : undefined;
    case "k":
      return meta ? actions.search : undefined;
    case "n":
      return meta ? actions.newSession : undefined;
    case "/":
      return meta ? actions.keys : undefined;
    default:
      return undefined;
  }
}

/** To the open question, on its card: never on one of its answers. */
function goToApproval(): void {
  const card = document.querySelector<HTMLElement>("[data-approval]");
  card?.scrollIntoView({ block: "nearest" });
  card?.focus();
}

function moveArea(step: number): void {
  const areas = [...document.querySelectorAll<HTMLElement>("[data-area]")].filter((area) => area.offsetParent !== null);
  const stops = areas.map(stopOf).filter((stop) => stop !== undefined);
  const at = stops.findIndex((stop) => stop.closest("[data-area]")?.contains(document.activeElement) === true);
  const from = at < 0 && step < 0 ? 0 : at;
  stops[(from + step + stops.length) % stops.length]?.focus();
}

/** Where the focus goes in an area: itself, its text, its chosen tab, or the first that can have it. */
function stopOf(area: HTMLElement): HTMLElement | undefined {
  const within = "[data-prompt], [aria-selected='true'], button, input, textarea, [tabindex='0']";
  return area.tabIndex >= 0 ? area : (area.querySelector<HTMLElement>(within) ?? undefined);
}
