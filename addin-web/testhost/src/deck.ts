// The deck: thumbnails beside the selected slide, drawn from shapes. Draws what the engine answers and holds no document.
import { type ChartView, drawChart } from "./chart.ts";
import type { Engine } from "./engine.ts";
import type { DocumentState } from "./main.ts";

interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
}

interface Shape {
  id: string;
  name: string;
  kind: string;
  placeholder?: string;
  text?: string;
  rows?: string[][];
  chart?: ChartView["data"];
  chartKind?: ChartView["kind"];
  chartTitle?: string | null;
  picture?: string;
  altText?: string;
  frame?: Frame;
}

interface Slide {
  id: string;
  index: number;
  fingerprint: string;
  shapes: Shape[];
}

interface DeckView {
  width: number;
  height: number;
  selected: string;
  slides: Slide[];
  state: DocumentState;
}

const THUMBNAIL = 168;

export class Deck {
  private readonly rail = make("nav", "rail");
  private readonly stage = make("div", "stage");
  private readonly seen = new Map<string, string>();
  private view: DeckView | undefined;
  private drawing: Promise<void> | undefined;
  private again = false;

  constructor(
    private readonly engine: Engine,
    place: HTMLElement,
    private readonly state: (state: DocumentState) => void,
  ) {
    this.rail.setAttribute("aria-label", "Slides");
    place.replaceChildren(this.rail, this.stage);
    new ResizeObserver(() => this.drawStage()).observe(this.stage);
  }

  /** Draws anew; calls that come while one runs make one more. */
  draw(): Promise<void> {
    if (this.drawing !== undefined) {
      this.again = true;
      return this.drawing;
    }
    this.drawing = this.drawOnce().finally(() => {
      this.drawing = undefined;
      if (this.again) {
        this.again = false;
        void this.draw();
      }
    });
    return this.drawing;
  }

  private async drawOnce(): Promise<void> {
    const first = this.view === undefined;
    const view = await this.engine.ask<DeckView>("view", { window: { top: 0, left: 0, rows: 1, columns: 1 } });
    this.view = view;
    this.state(view.state);
    const thumbnails = view.slides.map((slide) => {
      const item = make("button", slide.id === view.selected ? "thumbnail on" : "thumbnail");
      item.type = "button";
      item.setAttribute("aria-pressed", String(slide.id === view.selected));
      item.setAttribute("aria-label", `Slide ${slide.index}: ${title(slide)}`);
      if (!first && this.seen.get(slide.id) !== slide.fingerprint) {
        item.classList.add("hot");
      }
      const number = make("span", "number num");
      number.textContent = String(slide.index);
      item.append(number, draw(view, slide, THUMBNAIL));
      item.addEventListener("click", () => void this.engine.ask("select", { address: `slide:${slide.id}` }));
      return item;
    });
    this.seen.clear();
    view.slides.forEach((slide) => this.seen.set(slide.id, slide.fingerprint));
    this.rail.replaceChildren(...thumbnails);
    this.rail.querySelector(".on")?.scrollIntoView({ block: "nearest" });
    this.drawStage();
  }

  private drawStage(): void {
    const { view } = this;
    const slide = view?.slides.find(({ id }) => id === view.selected) ?? view?.slides[0];
    if (view === undefined || slide === undefined) {
      this.stage.replaceChildren();
      return;
    }
    const room = [this.stage.clientWidth - 64, (this.stage.clientHeight - 64) * (view.width / view.height)];
    this.stage.replaceChildren(draw(view, slide, Math.max(Math.min(...room), 120)));
  }
}

/** Draws a slide at a width in pixels. */
function draw(view: DeckView, slide: Slide, width: number): HTMLElement {
  const scale = width / view.width;
  const paper = make("div", "slide");
  Object.assign(paper.style, { width: `${width}px`, height: `${view.height * scale}px` });
  for (const shape of slide.shapes) {
    if (shape.frame === undefined) {
      continue;
    }
    const { frame } = shape;
    const node = make("div", `shape ${shape.kind} ${shape.placeholder ?? ""}`);
    Object.assign(node.style, {
      left: `${frame.left * scale}px`,
      top: `${frame.top * scale}px`,
      width: `${frame.width * scale}px`,
      height: `${frame.height * scale}px`,
    });
    node.append(...inside(shape, scale));
    paper.append(node);
  }
  return paper;
}

function inside(shape: Shape, scale: number): Node[] {
  const frame = shape.frame ?? { left: 0, top: 0, width: 1, height: 1 };
  if (shape.chart !== undefined) {
    const [width, height] = [Math.max(frame.width, 60), Math.max(frame.height, 60)];
    const heading = shape.chartTitle ?? null;
    const plot = drawChart(
      { name: shape.name, kind: shape.chartKind ?? "columnClustered", title: heading, data: shape.chart },
      width,
      height - (heading === null ? 0 : 28),
    );
    plot.setAttribute("width", String(width * scale));
    plot.setAttribute("height", String((height - (heading === null ? 0 : 28)) * scale));
    if (heading === null) {
      return [plot];
    }
    const caption = make("p", "caption");
    caption.textContent = heading;
    Object.assign(caption.style, { fontSize: `${16 * scale}px`, lineHeight: `${28 * scale}px` });
    return [caption, plot];
  }
  if (shape.rows !== undefined) {
    const table = make("table");
    table.style.fontSize = `${Math.min((frame.height / shape.rows.length) * 0.5, 16) * scale}px`;
    shape.rows.forEach((cells, index) => {
      const row = table.insertRow();
      row.className = index === 0 ? "first" : "";
      cells.forEach((text) => {
        row.insertCell().textContent = text;
      });
    });
    return [table];
  }
  if (shape.picture !== undefined) {
    const picture = make("img");
    picture.src = shape.picture;
    picture.alt = shape.altText ?? "";
    return [picture];
  }
  const lines = (shape.text ?? "").split("\n");
  const body = shape.placeholder === "body" || shape.placeholder === "obj" || shape.placeholder === undefined;
  const heading = shape.placeholder === "title" || shape.placeholder === "ctrTitle";
  const size = Math.min(heading ? 36 : 20, (frame.height / Math.max(lines.length, 1)) * 0.7);
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const paragraph = make("p", body && shape.kind === "placeholder" && lines.length > 1 ? "bullet" : "");
      paragraph.textContent = line;
      Object.assign(paragraph.style, { fontSize: `${size * scale}px`, lineHeight: "1.25" });
      return paragraph;
    });
}

function title(slide: Slide): string {
  const heading = slide.shapes.find(({ placeholder }) => placeholder === "title" || placeholder === "ctrTitle");
  return heading?.text ?? "no title";
}

function make<K extends keyof HTMLElementTagNameMap>(tag: K, className = ""): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  node.className = className.trim();
  return node;
}
