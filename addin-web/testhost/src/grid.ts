// The workbook as a grid: formula bar, headers, cells, charts, tabs. Draws what the engine answers and holds no document.
import { type ChartView, drawChart } from "./chart.ts";
import { type Engine, Refused } from "./engine.ts";
import type { DocumentState } from "./main.ts";

interface Area {
  top: number;
  left: number;
  bottom: number;
  right: number;
}

interface Cell {
  row: number;
  column: number;
  text: string;
  number?: boolean;
  formula?: boolean;
  bold?: boolean;
  italic?: boolean;
  wrap?: boolean;
  lineAbove?: boolean;
  lineBelow?: boolean;
  fill?: string;
  color?: string;
  align?: string;
  size?: number;
}

interface WorkbookView {
  revision: number;
  sheets: { id: number; name: string }[];
  active: number;
  selection: { address: string; area: Area };
  content: string | number | boolean;
  used: Area | null;
  widths: number[];
  cells: Cell[];
  tables: Area[];
  charts: (Partial<ChartView> & { name: string; place?: Area | null })[];
  state: DocumentState;
}

const ROW = 26;
const HEAD = 44;
/** How long marks of one change stay together before the next change replaces them. */
const SAME_CHANGE_MS = 4000;

export class Grid {
  private readonly reference = make("span", "reference num");
  private readonly input = make("input", "content mono");
  private readonly heads = make("div", "heads");
  private readonly scroller = make("div", "scroller");
  private readonly sheet = make("div", "sheet");
  private readonly tabs = make("nav", "tabs");
  private readonly message = make("p", "message");
  private view: WorkbookView | undefined;
  private readonly texts = new Map<string, string>();
  private readonly arrived = new Set<number>();
  private drawn = { top: 0, rows: 0 };
  private readonly marks = new Set<string>();
  private markedAt = 0;
  private editing = false;
  private drawing: Promise<void> | undefined;
  private again = false;

  constructor(
    private readonly engine: Engine,
    place: HTMLElement,
    private readonly state: (state: DocumentState) => void,
  ) {
    const bar = make("div", "formula");
    const mark = make("span", "fx");
    mark.textContent = "fx";
    mark.setAttribute("aria-hidden", "true");
    this.input.setAttribute("aria-label", "Content of the cell");
    this.input.spellcheck = false;
    bar.append(this.reference, mark, this.input);
    this.scroller.tabIndex = 0;
    this.sheet.setAttribute("role", "grid");
    this.sheet.setAttribute("aria-label", "Cells");
    this.scroller.append(this.sheet);
    this.tabs.setAttribute("aria-label", "Sheets");
    this.message.setAttribute("role", "alert");
    place.replaceChildren(bar, this.heads, this.scroller, this.message, this.tabs);
    this.scroller.addEventListener("scroll", () => {
      this.heads.scrollLeft = this.scroller.scrollLeft;
      void this.draw();
    });
    new ResizeObserver(() => void this.draw()).observe(this.scroller);
    this.sheet.addEventListener("pointerdown", (event) => this.pressed(event));
    this.scroller.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("focus", () => void this.edit(true));
    this.input.addEventListener("keydown", (event) => this.inputKey(event));
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
    const top = Math.max(Math.floor(this.scroller.scrollTop / ROW) - 4, 0);
    const rows = Math.ceil(this.scroller.clientHeight / ROW) + 10;
    const columns = Math.min(Math.max((this.view?.used?.right ?? 0) + 10, 24), 200);
    const view = await this.engine.ask<WorkbookView>("view", { window: { top, left: 0, rows, columns } });
    this.mark(view, top, rows);
    const moved = this.view?.selection.address !== view.selection.address || this.view.active !== view.active;
    this.view = view;
    this.state(view.state);
    if (!this.editing) {
      this.reference.textContent = view.selection.address;
      this.input.value = shown(view.content);
    }
    this.drawTabs(view);
    this.drawHeads(view);
    this.drawCells(view, top, rows);
    if (moved) {
      this.reveal(view.selection.area);
    }
  }

  /** Marks the cells whose text changed since they were seen. Cells that scroll into view are not new. */
  private mark(view: WorkbookView, top: number, rows: number): void {
    const { active } = view;
    const key = (row: number, column: number): string => `${active}:${row}:${column}`;
    const texts = new Map(view.cells.map((cell) => [key(cell.row, cell.column), cell.text]));
    const before = this.view;
    if (before !== undefined) {
      // A sheet that came while the page looked on was seen empty.
      view.sheets.filter(({ id }) => !before.sheets.some((sheet) => sheet.id === id)).forEach(({ id }) => this.arrived.add(id));
    }
    const looking = before?.active === active && before.revision !== view.revision;
    const fresh = view.cells.filter(({ row, column, text }) => {
      const old = this.texts.get(key(row, column));
      const inView = row >= this.drawn.top && row < this.drawn.top + this.drawn.rows;
      return old === undefined ? text !== "" && (this.arrived.has(active) || (looking && inView)) : old !== text;
    });
    if (fresh.length > 0) {
      if (Date.now() - this.markedAt > SAME_CHANGE_MS) {
        this.marks.clear();
      }
      this.markedAt = Date.now();
      fresh.forEach(({ row, column }) => this.marks.add(key(row, column)));
    }
    for (const at of this.texts.keys()) {
      const [sheet, row] = at.split(":").map(Number);
      if (sheet === active && row !== undefined && row >= top && row < top + rows && !texts.has(at)) {
        this.texts.delete(at);
        this.marks.delete(at);
      }
    }
    texts.forEach((text, at) => this.texts.set(at, text));
    this.drawn = { top, rows };
  }

  private drawTabs(view: WorkbookView): void {
    this.tabs.replaceChildren(
      ...view.sheets.map(({ id, name }) => {
        const tab = make("button", id === view.active ? "tab on" : "tab");
        tab.type = "button";
        tab.textContent = name;
        tab.setAttribute("aria-pressed", String(id === view.active));
        tab.addEventListener("click", () => void this.engine.ask("show", { sheet: id }));
        return tab;
      }),
    );
  }

  private drawHeads(view: WorkbookView): void {
    const { left, right } = view.selection.area;
    const corner = make("span", "corner");
    const heads = view.widths.map((width, column) => {
      const head = make("span", column >= left && column <= right ? "head on" : "head");
      head.textContent = letters(column);
      head.style.width = `${width}px`;
      return head;
    });
    this.heads.replaceChildren(corner, ...heads);
    this.heads.scrollLeft = this.scroller.scrollLeft;
  }

  private drawCells(view: WorkbookView, top: number, rows: number): void {
    const byPlace = new Map(view.cells.map((cell) => [`${cell.row}:${cell.column}`, cell]));
    const bottom = Math.max((view.used?.bottom ?? 0) + 40, top + rows + 20);
    this.sheet.style.height = `${bottom * ROW}px`;
    this.sheet.style.width = `${HEAD + view.widths.reduce((sum, width) => sum + width, 0)}px`;
    const drawn: HTMLElement[] = [];
    for (let row = top; row < top + rows; row++) {
      const line = make("div", "row");
      line.setAttribute("role", "row");
      line.style.top = `${row * ROW}px`;
      const { selection } = view;
      const head = make("span", row >= selection.area.top && row <= selection.area.bottom ? "rowhead on" : "rowhead");
      head.setAttribute("role", "rowheader");
      head.textContent = String(row + 1);
      line.append(head);
      view.widths.forEach((width, column) => {
        const cell = byPlace.get(`${row}:${column}`);
        const next = byPlace.get(`${row}:${column + 1}`);
        line.append(this.cell(view, row, column, width, cell, next === undefined || next.text === ""));
      });
      drawn.push(line);
    }
    this.sheet.replaceChildren(...drawn, ...this.charts(view), this.outline(view));
  }

  private cell(view: WorkbookView, row: number, column: number, width: number, cell: Cell | undefined, free: boolean): HTMLElement {
    const node = make("span", "cell");
    node.setAttribute("role", "gridcell");
    node.dataset.at = `${row}:${column}`;
    node.style.width = `${width}px`;
    const table = view.tables.find(({ top, left, bottom, right }) => row >= top && row <= bottom && column >= left && column <= right);
    if (table !== undefined) {
      node.classList.add(row === table.top ? "header" : (row - table.top) % 2 === 0 ? "band" : "plain");
    }
    if (this.marks.has(`${view.active}:${row}:${column}`)) {
      node.classList.add("hot");
    }
    if (cell === undefined) {
      return node;
    }
    const numeric = cell.number === true && cell.text !== "";
    const room = Math.floor((width - 14) / (7.1 * ((cell.size ?? 11) / 11)));
    const text = make("span", "text");
    text.textContent = numeric && cell.text.length > room + 1 ? "#".repeat(Math.max(room, 1)) : cell.text;
    node.append(text);
    const classes: [string, boolean | undefined][] = [
      ["number", numeric],
      ["bold", cell.bold],
      ["italic", cell.italic],
      ["above", cell.lineAbove],
      ["below", cell.lineBelow],
      ["error", cell.formula === true && /^#[A-Z0-9/]+[!?]?$/.test(cell.text)],
      ["spill", !numeric && free && cell.wrap !== true && cell.text.length > room],
    ];
    node.classList.add(...classes.filter(([, on]) => on === true).map(([name]) => name));
    if (cell.align === "left" || cell.align === "center" || cell.align === "right") {
      node.style.textAlign = cell.align;
    }
    if (cell.fill !== undefined) {
      node.style.backgroundColor = cell.fill;
      node.classList.add("filled");
    }
    if (cell.color !== undefined && cell.color.toLowerCase() !== "#000000") {
      node.style.color = cell.color;
    }
    if (cell.size !== undefined && cell.size > 12) {
      node.style.fontSize = `${Math.min(cell.size + 2, 20)}px`;
    }
    return node;
  }

  private charts(view: WorkbookView): HTMLElement[] {
    const x = (column: number): number => HEAD + view.widths.slice(0, column).reduce((sum, width) => sum + width, 0);
    return view.charts.map((chart, index) => {
      const place = chart.place ?? { top: 1 + index * 15, left: 9, bottom: 14 + index * 15, right: 14 };
      const box = make("figure", "chart");
      const [left, top] = [x(place.left), place.top * ROW];
      const [width, height] = [x(place.right + 1) - left, (place.bottom + 1 - place.top) * ROW];
      Object.assign(box.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
      const { kind, data } = chart;
      const caption = make("figcaption");
      caption.textContent = kind === undefined ? `${chart.name} (was in the file; not drawn here)` : (chart.title ?? "");
      box.append(caption);
      if (kind !== undefined && data !== undefined) {
        const room = height - ((chart.title ?? null) === null ? 28 : 52);
        box.append(drawChart({ name: chart.name, kind, title: chart.title ?? null, data }, width - 34, room));
      }
      return box;
    });
  }

  private outline(view: WorkbookView): HTMLElement {
    const { top, left, bottom, right } = view.selection.area;
    const x = (column: number): number => HEAD + view.widths.slice(0, column).reduce((sum, width) => sum + width, 0);
    const outline = make("div", "outline");
    Object.assign(outline.style, {
      left: `${x(left) - 1}px`,
      top: `${top * ROW - 1}px`,
      width: `${x(right + 1) - x(left) + 1}px`,
      height: `${(bottom + 1 - top) * ROW + 1}px`,
    });
    return outline;
  }

  private reveal({ top, left }: Area): void {
    const [y, height] = [top * ROW, this.scroller.clientHeight];
    if (y < this.scroller.scrollTop || y + ROW > this.scroller.scrollTop + height) {
      this.scroller.scrollTop = Math.max(y - height / 3, 0);
    }
    const x = HEAD + (this.view?.widths.slice(0, left).reduce((sum, width) => sum + width, 0) ?? 0);
    const width = this.scroller.clientWidth;
    if (x - HEAD < this.scroller.scrollLeft || x + 90 > this.scroller.scrollLeft + width) {
      this.scroller.scrollLeft = Math.max(x - width / 2, 0);
    }
  }

  private pressed(event: PointerEvent): void {
    const at = (event.target as Element).closest<HTMLElement>(".cell")?.dataset.at;
    if (at === undefined) {
      return;
    }
    const [row = 0, column = 0] = at.split(":").map(Number);
    this.marks.clear();
    void this.choose(row, column);
  }

  private async choose(row: number, column: number): Promise<void> {
    if (this.editing) {
      await this.commit();
    }
    const address = `${letters(Math.max(column, 0))}${Math.max(row, 0) + 1}`;
    await this.engine.ask("show", { sheet: this.view?.active ?? 0, address });
  }

  private key(event: KeyboardEvent): void {
    const area = this.view?.selection.area;
    const steps: Partial<Record<string, [number, number]>> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      Enter: [1, 0],
      PageDown: [20, 0],
      PageUp: [-20, 0],
    };
    const step = steps[event.key];
    if (area === undefined || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (step !== undefined) {
      event.preventDefault();
      void this.choose(area.top + step[0], area.left + step[1]);
    } else if (event.key === "F2" || event.key.length === 1) {
      event.preventDefault();
      const replaced = event.key.length === 1 ? event.key : this.input.value;
      this.input.focus();
      this.input.value = replaced;
    } else if (event.key === "Delete") {
      void this.type("");
    }
  }

  private inputKey(event: KeyboardEvent): void {
    if (event.key === "Enter") {
      event.preventDefault();
      void this.commit();
    } else if (event.key === "Escape") {
      void this.edit(false);
    }
  }

  private async edit(on: boolean): Promise<void> {
    this.editing = on;
    await this.engine.ask("editMode", { on });
    if (!on) {
      this.scroller.focus();
      await this.draw();
    }
  }

  private async commit(): Promise<void> {
    const value = this.input.value;
    await this.edit(false);
    await this.type(value);
  }

  private async type(value: string): Promise<void> {
    const area = this.view?.selection.area;
    const sheet = this.view?.sheets.find(({ id }) => id === this.view?.active);
    if (area === undefined || sheet === undefined) {
      return;
    }
    this.message.textContent = "";
    const address = `'${sheet.name.replaceAll("'", "''")}'!${letters(area.left)}${area.top + 1}`;
    try {
      await this.engine.ask("type", { address, value });
    } catch (error) {
      if (!(error instanceof Refused)) {
        throw error;
      }
      this.message.textContent = error.message;
    }
  }
}

function make<K extends keyof HTMLElementTagNameMap>(tag: K, className = ""): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  node.className = className;
  return node;
}

function letters(column: number): string {
  return (column >= 26 ? letters(Math.floor(column / 26) - 1) : "") + String.fromCharCode(65 + (column % 26));
}

function shown(content: string | number | boolean): string {
  return typeof content === "boolean" ? String(content).toUpperCase() : String(content);
}
