// Numbers, times and sizes as the person's system writes them.
import { withoutMarks } from "./marks.ts";

const DAY_MS = 86_400_000;

/** "14:32" today, "12 Sep, 09:20" this year, the full date beyond. */
export function when(at: number, now: number, locale?: string): string {
  const date = new Date(at);
  const today = new Date(now);
  const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  if (date.toDateString() === today.toDateString()) {
    return new Intl.DateTimeFormat(locale, time).format(date);
  }
  if (date.getFullYear() === today.getFullYear()) {
    const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" }).format(date);
    return `${day}, ${new Intl.DateTimeFormat(locale, time).format(date)}`;
  }
  return new Intl.DateTimeFormat(locale, { dateStyle: "long" }).format(date);
}

/** A day that is to come: "20 Feb 2027". */
export function date(at: number, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(new Date(at));
}

export type DayGroup = "today" | "yesterday" | "week" | "month" | "earlier";

export function dayGroup(at: number, now: number): DayGroup {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (at >= midnight) {
    return "today";
  }
  if (at >= midnight - DAY_MS) {
    return "yesterday";
  }
  if (at >= midnight - 6 * DAY_MS) {
    return "week";
  }
  const [then, today] = [new Date(at), new Date(now)];
  const sameMonth = then.getMonth() === today.getMonth() && then.getFullYear() === today.getFullYear();
  return sameMonth ? "month" : "earlier";
}

/** "0.4 s" below ten seconds, "12 s" below a minute, "2 min 5 s" beyond. */
export function duration(ms: number, locale?: string): string {
  const seconds = ms / 1000;
  if (seconds < 0.05) {
    return `< ${fixed(0.1, 1, locale)} s`;
  }
  if (seconds < 60) {
    const digits = seconds < 9.95 ? 1 : 0;
    return `${fixed(seconds, digits, locale)} s`;
  }
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** A pause as people say it: "4 s", "1.5 s", "2 min 5 s". */
export function pause(ms: number, locale?: string): string {
  return ms >= 10_000
    ? duration(ms, locale)
    : `${new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(ms / 1000)} s`;
}

export function number(value: number, locale?: string): string {
  return new Intl.NumberFormat(locale).format(value);
}

/** A share of 0 to 1 in whole percent. */
export function share(value: number, locale?: string): string {
  return new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 }).format(value);
}

/** An estimate in US dollars, by code: to the cent, below one to the hundredth of a cent. */
export function dollars(value: number, locale?: string): string {
  const form = { style: "currency", currency: "USD", currencyDisplay: "code" } as const;
  const digits = value < 0.01 && value > 0 ? 4 : 2;
  return new Intl.NumberFormat(locale, { ...form, minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** A figure that is compared: as many digits as a cell holds, and none of what computing added behind them. */
export function exact(value: number, locale?: string): string {
  return new Intl.NumberFormat(locale, { maximumSignificantDigits: 15 }).format(value);
}

/** By how much a number grew or shrank: "+3.64%"; nothing where it began at zero. */
export function growth(from: number, to: number, locale?: string): string {
  const share = (to - from) / Math.abs(from);
  const form = { style: "percent", maximumSignificantDigits: 3, signDisplay: "always" } as const;
  return Number.isFinite(share) ? new Intl.NumberFormat(locale, form).format(share) : "";
}

/** Sizes of files, decimal as file managers show them: "412 KB". */
export function size(bytes: number, locale?: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: units[unit] ?? "byte",
    unitDisplay: "short",
    maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0,
  })
    .format(value)
    .replace("kB", "KB");
}

function fixed(value: number, digits: number, locale?: string): string {
  return new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** A path's last part, on either kind of system. */
export function fileName(path: string): string {
  return path.split(/[\\/]/).findLast((part) => part !== "") ?? path;
}

/** A title without the extension of an Office file. */
export function shortTitle(title: string): string {
  return title.replace(/\.(?:xls[xmb]|ppt[xm])$/i, "");
}

/** The first line of what a tool answered, without the marks that tell the model what is data; at most 160 characters. */
export function reason(output: string): string {
  return withoutMarks(output).split("\n", 1)[0]?.slice(0, 160) ?? "";
}
