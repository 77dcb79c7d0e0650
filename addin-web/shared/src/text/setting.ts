// Values of settings as a person reads and types them. What is typed is never judged here: what is no number or no JSON
// goes to the service as the text that it is, which says what is wrong with it.
import type { ConfigurationAnswer, ConfigurationPage, SettingInput, SettingView } from "../generated/protocol.ts";
import { words } from "../words/en.ts";
import { number } from "./format.ts";

/** Characters of a value in a sentence. */
const SHORT = 60;

/** A value in the field for it. */
export function typedOf(input: SettingInput, value: unknown): string {
  if (value === null || value === undefined) {
    return "";
  }
  if (typeof value === "string") {
    return value;
  }
  if (input.type === "list" && Array.isArray(value)) {
    return value.map((entry) => (typeof entry === "string" ? entry : JSON.stringify(entry))).join("\n");
  }
  return input.type === "json" ? JSON.stringify(value, null, 2) : JSON.stringify(value);
}

/** The value of what is typed; null where nothing is. */
export function valueOf(setting: SettingView, typed: string): unknown {
  const { input } = setting;
  if (input.type === "list") {
    const entries = typed.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim()]));
    return entries.length === 0 && setting.default === null ? null : entries.map(parsedObject);
  }
  if (typed.trim() === "") {
    return null;
  }
  switch (input.type) {
    case "number":
      return Number.isFinite(Number(typed)) ? Number(typed) : typed;
    case "json":
      return parsed(typed);
    case "switch":
    case "choice":
    case "text":
    case "secret":
      return typed;
  }
}

function parsedObject(line: string): unknown {
  return line.startsWith("{") ? parsed(line) : line;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** A value in a sentence. */
export function shown(setting: SettingView | undefined, value: unknown): string {
  if (value === null || value === undefined) {
    return words.configuration.unset;
  }
  if (typeof value === "boolean") {
    return value ? words.configuration.on : words.configuration.off;
  }
  const unit = setting?.input.type === "number" ? setting.input.unit : undefined;
  if (typeof value === "number") {
    return unit === undefined ? number(value) : `${number(value)} ${unit}`;
  }
  const entries = Array.isArray(value) && value.every((entry) => typeof entry === "string");
  const empty = typeof value === "object" && Object.keys(value).length === 0;
  if (empty || value === "") {
    return words.configuration.none;
  }
  const text = typeof value === "string" ? value : entries ? value.join(", ") : JSON.stringify(value);
  return text.length > SHORT ? `${text.slice(0, SHORT - 1)}…` : text;
}

/** The settings whose name, key or description has every word of the text. */
export function searched(answer: ConfigurationAnswer, text: string): { page: ConfigurationPage; settings: SettingView[] }[] {
  const wanted = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const fits = ({ title, key, help }: SettingView): boolean => {
    const all = `${title} ${key} ${help}`.toLocaleLowerCase();
    return wanted.every((word) => all.includes(word));
  };
  return answer.pages.flatMap((page) => {
    const settings = page.sections.flatMap((section) => section.settings.filter(fits));
    return settings.length === 0 ? [] : [{ page, settings }];
  });
}
