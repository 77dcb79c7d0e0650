// Charts as plain SVG. Knows the data of a chart and nothing of sheets or slides.

export interface ChartData {
  categories: string[];
  series: { name: string; values: (number | null)[]; texts?: string[] }[];
}

export interface ChartView {
  name: string;
  kind: "barClustered" | "columnClustered" | "columnStacked" | "line" | "area" | "pie" | "doughnut";
  title?: string | null;
  data: ChartData;
}

const NAMESPACE = "http://www.w3.org/2000/svg";
const LETTER = 6.6;

export function svg(name: string, attributes: Record<string, string | number>, text?: string): SVGElement {
  const node = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) {
    node.setAttribute(key, String(value));
  }
  if (text !== undefined) {
    node.textContent = text;
  }
  return node;
}

/** A short text for a figure: `1.25 m`. */
export function short(value: number): string {
  const size = Math.abs(value);
  const [divisor, unit] = size >= 1e9 ? [1e9, " bn"] : size >= 1e6 ? [1e6, " m"] : size >= 1e4 ? [1e3, " k"] : [1, ""];
  return `${(value / divisor).toLocaleString("en", { maximumFractionDigits: divisor === 1 ? 2 : size / divisor >= 100 ? 0 : 2 })}${unit}`;
}

/** Draws a chart into an area of a size in pixels. */
export function drawChart(chart: ChartView, width: number, height: number): SVGElement {
  const root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", class: "plot" });
  root.setAttribute("aria-label", described(chart));
  const { series } = chart.data;
  const legend = series.length > 1 && !isRound(chart.kind) ? 22 : 0;
  const plot = { width, height: height - legend };
  if (isRound(chart.kind)) {
    round(root, chart, plot.width, plot.height);
  } else if (chart.kind === "barClustered") {
    bars(root, chart, plot.width, plot.height);
  } else {
    upright(root, chart, plot.width, plot.height);
  }
  if (legend > 0) {
    let x = 8;
    series.forEach((one, index) => {
      root.append(svg("rect", { x, y: height - 14, width: 10, height: 10, rx: 2, class: `series s${index % 5}` }));
      root.append(svg("text", { x: x + 15, y: height - 5 }, one.name));
      x += one.name.length * LETTER + 34;
    });
  }
  return root;
}

function isRound(kind: ChartView["kind"]): boolean {
  return kind === "pie" || kind === "doughnut";
}

function described({ title, kind, data }: ChartView): string {
  const first = data.series[0];
  const values = data.categories.slice(0, 12).map((name, index) => `${name} ${short(first?.values[index] ?? 0)}`);
  return `${title ?? "Chart"} (${kind}): ${values.join(", ")}`;
}

/** The largest and smallest value, zero included. */
function extent(data: ChartData, stacked: boolean): [number, number] {
  const sums = stacked
    ? data.categories.map((_, index) => data.series.reduce((sum, one) => sum + (one.values[index] ?? 0), 0))
    : data.series.flatMap((one) => one.values.map((value) => value ?? 0));
  const low = Math.min(0, ...sums);
  const high = Math.max(0, ...sums);
  return [low, high === low ? low + 1 : high];
}

function bars(root: SVGElement, { data }: ChartView, width: number, height: number): void {
  const [low, high] = extent(data, false);
  const labels = Math.min(Math.max(...data.categories.map((name) => name.length), 1) * LETTER + 12, width * 0.4);
  const scale = (width - labels - 72) / (high - low);
  const zero = labels - low * scale;
  const band = height / Math.max(data.categories.length, 1);
  const thickness = Math.min((band * 0.66) / data.series.length, 22);
  data.categories.forEach((name, index) => {
    const middle = band * (index + 0.5);
    root.append(svg("text", { x: labels - 10, y: middle + 4, "text-anchor": "end" }, clipped(name, labels - 10)));
    data.series.forEach((one, at) => {
      const value = one.values[index] ?? 0;
      const length = Math.abs(value) * scale;
      const y = middle - (thickness * data.series.length) / 2 + at * thickness;
      const x = value < 0 ? zero - length : zero;
      root.append(svg("rect", { x, y, width: Math.max(length, 1), height: thickness - 1, rx: 2, class: `series s${at % 5}` }));
      if (thickness > 11) {
        root.append(svg("text", { x: x + length + 8, y: y + thickness / 2 + 4, class: "figure" }, short(value)));
      }
    });
  });
}

function upright(root: SVGElement, { kind, data }: ChartView, width: number, height: number): void {
  const stacked = kind === "columnStacked";
  const [low, high] = extent(data, stacked);
  const step = nice((high - low) / 4);
  const top = Math.ceil(high / step) * step;
  const bottom = Math.floor(low / step) * step;
  const left = Math.max(short(top).length, short(bottom).length) * LETTER + 12;
  const scale = (height - 34) / (top - bottom);
  const at = (value: number): number => 10 + (top - value) * scale;
  for (let value = bottom; value <= top + step / 2; value += step) {
    root.append(svg("line", { x1: left, x2: width, y1: at(value), y2: at(value), class: "rule" }));
    root.append(svg("text", { x: left - 8, y: at(value) + 4, "text-anchor": "end", class: "figure" }, short(value)));
  }
  const band = (width - left) / Math.max(data.categories.length, 1);
  const centre = (index: number): number => left + band * (index + 0.5);
  const every = Math.ceil((Math.max(...data.categories.map((name) => name.length), 1) * LETTER * 0.7) / band);
  data.categories.forEach((name, index) => {
    if (index % Math.max(every, 1) === 0) {
      root.append(svg("text", { x: centre(index), y: height - 6, "text-anchor": "middle" }, clipped(name, band * Math.max(every, 1))));
    }
  });
  if (kind === "line" || kind === "area") {
    data.series.forEach((one, index) => {
      const points = one.values.map((value, position) => [centre(position), at(value ?? 0)].join(","));
      if (kind === "area") {
        const base = [`${centre(one.values.length - 1)},${at(0)}`, `${centre(0)},${at(0)}`];
        root.append(svg("polygon", { points: [...points, ...base].join(" "), class: `surface s${index % 5}` }));
      }
      root.append(svg("polyline", { points: points.join(" "), class: `stroke s${index % 5}` }));
    });
    return;
  }
  const columns = stacked ? 1 : data.series.length;
  const thickness = Math.min((band * 0.66) / columns, 48);
  data.categories.forEach((_, index) => {
    let base = 0;
    data.series.forEach((one, position) => {
      const value = one.values[index] ?? 0;
      const x = centre(index) - (thickness * columns) / 2 + (stacked ? 0 : position * thickness);
      const [from, to] = [at(base), at(base + value)];
      const y = Math.min(from, to);
      root.append(svg("rect", { x, y, width: thickness - 2, height: Math.max(Math.abs(to - from), 1), rx: 2, class: `series s${position % 5}` }));
      base = stacked ? base + value : 0;
    });
  });
}

function round(root: SVGElement, { kind, data }: ChartView, width: number, height: number): void {
  const values = (data.series[0]?.values ?? []).map((value) => Math.max(value ?? 0, 0));
  const total = values.reduce((sum, value) => sum + value, 0) || 1;
  const radius = Math.min(height / 2 - 6, width / 4);
  const [x, y] = [radius + 12, height / 2];
  let angle = -Math.PI / 2;
  values.forEach((value, index) => {
    const sweep = (value / total) * Math.PI * 2;
    const point = (turn: number): string => `${x + radius * Math.cos(turn)},${y + radius * Math.sin(turn)}`;
    const whole = sweep > Math.PI * 1.9999;
    const end = whole ? angle + Math.PI * 1.9999 : angle + sweep;
    const path = `M${x},${y}L${point(angle)}A${radius},${radius} 0 ${sweep > Math.PI ? 1 : 0} 1 ${point(end)}Z`;
    root.append(svg("path", { d: path, class: `series slice s${index % 5}` }));
    const line = 18 * index + height / 2 - (values.length * 18) / 2 + 12;
    root.append(svg("rect", { x: x + radius + 24, y: line - 9, width: 10, height: 10, rx: 2, class: `series s${index % 5}` }));
    const share = `${((value / total) * 100).toFixed(1)}%`;
    root.append(svg("text", { x: x + radius + 40, y: line }, `${data.categories[index] ?? ""}  ${share}`));
    angle += sweep;
  });
  if (kind === "doughnut") {
    root.append(svg("circle", { cx: x, cy: y, r: radius * 0.55, class: "hole" }));
  }
}

/** The next larger of 1, 2 and 5 times a power of ten. */
function nice(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return ([1, 2, 5, 10].find((factor) => factor * power >= step) ?? 10) * power;
}

function clipped(text: string, width: number): string {
  const room = Math.max(Math.floor(width / LETTER), 3);
  return text.length > room ? `${text.slice(0, room - 1)}…` : text;
}
