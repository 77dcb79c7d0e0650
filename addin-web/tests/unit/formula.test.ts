import { describe, expect, it } from "vitest";
import { patternAt } from "../../shared/src/text/formula.ts";

const rows = (...pairs: [cell: string, after: string][]) =>
  pairs.map(([cell, after]) => ({ cell, now: "", after, formula: after.startsWith("=") }));
const told = (...pairs: [cell: string, after: string][]) => {
  const all = rows(...pairs);
  return all.map((_row, index) => patternAt(all, index));
};

describe("formulas of one pattern", () => {
  it("are shown once where their relative references move with them", () => {
    const sums = [2, 3, 4].map((row): [string, string] => [
      `B${row}`,
      `=SUMIFS(Revenue!C:C,Revenue!A:A,A${row})`,
    ]);
    expect(told(...sums)).toEqual([undefined, undefined, { text: "=SUMIFS(Revenue!C:C,Revenue!A:A,A2)" }]);
    expect(told(["B9", "=SUM(B$2:B8)"], ["C9", "=SUM(C$2:C8)"])).toEqual([undefined, { text: "=SUM(B$2:B8)" }]);
  });

  it.each([
    ["an absolute reference is another", ["B2", "=A2*$D$1"], ["B3", "=A3*$D$2"]],
    ["a reference does not move", ["B2", "=A2"], ["B3", "=A2"]],
    ["a sheet is another", ["B2", "=Q3!A2"], ["B3", "=Q4!A3"]],
    ["a quoted sheet is another", ["B2", "='Q 3'!A2"], ["B3", "='Q 4'!A3"]],
    ["a file is another", ["B2", "=[A1.xlsx]S!A2"], ["B3", "=[A2.xlsx]S!A3"]],
    ["a text is another", ["B2", '=IF(A2="X1",1)'], ["B3", '=IF(A3="X2",1)']],
    ["a column of a table is another", ["B2", "=SUM(T[Q1])"], ["B3", "=SUM(T[Q2])"]],
    ["a function is another", ["B2", "=LOG2(A2)"], ["B3", "=LOG3(A3)"]],
  ] satisfies [string, [string, string], [string, string]][])("are both shown where %s", (_why, one, other) => {
    expect(told(one, other)).toEqual([{ text: one[1] }, { text: other[1] }]);
  });

  it("name the cell that showed the pattern where it comes again", () => {
    expect(told(["B2", "=A2*2"], ["C2", "=A2*3"], ["B3", "=A3*2"], ["C3", "=A3*3"], ["D3", "7"])).toEqual([
      { text: "=A2*2" },
      { text: "=A2*3" },
      { first: "B2" },
      { first: "C2" },
      undefined,
    ]);
  });
});
