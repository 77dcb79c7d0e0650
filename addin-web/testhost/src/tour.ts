// The tour's page: the host page of the workbook and that of the deck, one shown and both alive.
import type { Description } from "./office-front.ts";

const { beside } = (await (await fetch("/host.json")).json()) as Description;
const tabs = document.querySelector("#tabs");
const frames = document.querySelector("#frames");
if (tabs === null || frames === null) {
  throw new Error("The page has no place for its frames.");
}

interface Tab {
  name: string;
  address: string;
  button: HTMLButtonElement;
  frame?: HTMLIFrameElement;
}

const pages = [{ name: "Workbook", address: "/" }, ...(beside === null ? [] : [{ name: "Deck", address: beside }])];
const all: Tab[] = pages.map((page) => ({ ...page, button: document.createElement("button") }));

/** Shows one page. It is loaded when it is first asked for and stays, as a document that is open in Office does. */
function show(chosen: Tab): void {
  if (chosen.frame === undefined) {
    const frame = document.createElement("iframe");
    frame.title = chosen.name;
    frame.allow = "clipboard-write; local-network-access";
    frame.src = chosen.address;
    chosen.frame = frame;
    frames?.append(frame);
  }
  for (const tab of all) {
    const shown = tab === chosen;
    tab.button.setAttribute("aria-selected", String(shown));
    tab.button.tabIndex = shown ? 0 : -1;
    if (tab.frame !== undefined) {
      tab.frame.hidden = !shown;
    }
  }
}

for (const [index, tab] of all.entries()) {
  const { button } = tab;
  button.type = "button";
  button.role = "tab";
  button.textContent = tab.name;
  button.addEventListener("click", () => {
    show(tab);
  });
  button.addEventListener("keydown", ({ key }) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    const next = step === undefined ? undefined : all[(index + step + all.length) % all.length];
    if (next !== undefined) {
      show(next);
      next.button.focus();
    }
  });
  tabs.append(button);
}
const [first] = all;
if (first !== undefined) {
  show(first);
}
