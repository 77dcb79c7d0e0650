import { describe, expect, it } from "vitest";
import { dayGroup, dollars, duration, fileName, pause, reason, shortTitle, size, when } from "../../shared/src/text/format.ts";

const now = new Date(2026, 8, 18, 14, 40).getTime();
const day = (month: number, date: number, year = 2026): number => new Date(year, month, date, 9, 20).getTime();

describe("money", () => {
  it.each([
    [0, "USD 0.00"],
    [0.00424, "USD 0.0042"],
    [0.42, "USD 0.42"],
    [1234.56, "USD 1,234.56"],
  ])("writes %d as %s", (value, text) => {
    expect(dollars(value, "en-GB").replace("\u00a0", " ")).toBe(text);
  });
});

describe("times", () => {
  it.each([
    [day(8, 18), "09:20"],
    [day(8, 12), "12 Sept, 09:20"],
    [day(8, 12, 2025), "12 September 2025"],
  ])("writes %d as %s", (at, text) => {
    expect(when(at, now, "en-GB")).toBe(text);
  });

  it.each([
    [day(8, 18), "today"],
    [day(8, 17), "yesterday"],
    [day(8, 13), "week"],
    [day(8, 2), "month"],
    [day(7, 30), "earlier"],
  ])("puts %d under %s", (at, group) => {
    expect(dayGroup(at, now)).toBe(group);
  });
});

describe("durations and sizes", () => {
  it.each([
    [12, "< 0.1 s"],
    [420, "0.4 s"],
    [9_960, "10 s"],
    [12_400, "12 s"],
    [125_000, "2 min 5 s"],
  ])("%d ms is %s", (ms, text) => {
    expect(duration(ms, "en")).toBe(text);
  });

  it("follows the locale", () => {
    expect(duration(420, "de")).toBe("0,4 s");
    expect(pause(4_000, "en")).toBe("4 s");
  });

  it.each([
    [512, "512 byte"],
    [412_000, "412 KB"],
    [1_250_000, "1.3 MB"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(size(bytes, "en")).toBe(text);
  });
});

describe("names", () => {
  it.each([
    ["/data/Reports/Board deck.pptx", "Board deck.pptx"],
    ["C:\\Users\\a\\Board deck.pptx", "Board deck.pptx"],
    ["/data/Reports/", "Reports"],
  ])("takes the last part of %s", (path, name) => {
    expect(fileName(path)).toBe(name);
  });

  it("drops the extension of Office files alone", () => {
    expect(["a.xlsx", "b.PPTM", "c.tar.gz"].map(shortTitle)).toEqual(["a", "b", "c.tar.gz"]);
  });
});

describe("reasons of failures", () => {
  it.each([
    ["The sheet is protected.\nMore", "The sheet is protected."],
    ['<document-data from="x">\nThere is no sheet.\n</document-data>', "There is no sheet."],
    ['<document-data from="x">\n</document-data>', ""],
    ["x".repeat(500), "x".repeat(160)],
  ])("shows %j as %j", (output, shown) => {
    expect(reason(output)).toBe(shown);
  });
});
