// The host page: the document on one side, the pane on the other.
import { Engine } from "./engine.ts";
import { Grid } from "./grid.ts";
import { type Description, OfficeFront } from "./office-front.ts";
import { Deck } from "./deck.ts";

export interface DocumentState {
  title: string;
  savedAt: number;
  dirty: boolean;
  editMode: boolean;
}

const element = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (found === null) {
    throw new Error(`The page has no #${id}.`);
  }
  return found;
};

const description = (await (await fetch("/host.json")).json()) as Description;
const engine = await Engine.connect({
  changed: () => void view.draw(),
  events: (rows) => front.notify(rows),
  reload: () => front.load(),
});
const front = new OfficeFront(engine, description, element("pane"));
const workbook = description.application === "excel";
document.body.dataset.application = description.application;
element("glyph").textContent = workbook ? "X" : "P";
element("glyph").setAttribute("aria-label", workbook ? "Workbook" : "Deck");
element("badge").textContent = workbook ? "Test host, not Excel" : "Test host, not PowerPoint";
element("save").addEventListener("click", () => void engine.ask("save"));
window.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "s") {
    event.preventDefault();
    void engine.ask("save");
  }
});

const state = ({ title, savedAt, dirty, editMode }: DocumentState): void => {
  document.title = `${title} (test host)`;
  element("title").textContent = title;
  const time = new Date(savedAt).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  element("saved").textContent = editMode ? "Editing a cell" : dirty ? "Not saved yet" : `Saved ${time}`;
  element("save").hidden = !dirty;
};
const view = workbook ? new Grid(engine, element("document"), state) : new Deck(engine, element("document"), state);
await view.draw();
front.load();
document.body.dataset.ready = "true";
