// Rows and lines: where each line is, in the whole log and in a filtered one.

import { describe, expect, it } from "vitest";
import {
  allLines,
  extended,
  firstLineOf,
  ofOutline,
  type Ordinals,
  pageOfLine,
  rowsOf,
  upperBound,
} from "@/log/ordinals.ts";

const filtered: Ordinals = ofOutline({
  total: 2_500,
  first_line: 3,
  last_line: 99_000,
  every: 1_000,
  marks: [3, 40_000, 80_000],
});

describe("the whole log", () => {
  it("has line 1 on row 0", () => {
    const all = allLines(1_200);

    expect([1, 500, 501, 1_200].map((line) => pageOfLine(line, all))).toEqual([0, 0, 1, 2]);
    expect([0, 1, 2].map((page) => firstLineOf(page, all))).toEqual([1, 501, 1_001]);
    expect([0, 1, 2, 3].map((page) => rowsOf(page, all))).toEqual([500, 500, 200, 0]);
  });

  it("grows without marks", () => {
    const now = extended(allLines(2), [3, 4]);

    expect(now).toEqual({ ...allLines(4), lastLine: 4 });
  });
});

describe("a filtered log", () => {
  it("finds lines by the marks", () => {
    const pages = [1, 3, 39_999, 40_000, 79_999, 99_999].map((line) => pageOfLine(line, filtered));

    expect(pages).toEqual([0, 0, 0, 1, 1, 2]);
    expect(rowsOf(2, filtered)).toBe(500);
    expect(firstLineOf(1, filtered)).toBe(40_000);
  });

  it("marks each thousandth of the lines that come", () => {
    const fresh = Array.from({ length: 1_600 }, (_, at) => 100_000 + at * 2);
    const now = extended(filtered, fresh);

    expect(now.total).toBe(4_100);
    expect(now.marks).toEqual([3, 40_000, 80_000, 100_000 + 500 * 2, 100_000 + 1_500 * 2]);
    expect(now.lastLine).toBe(fresh.at(-1));
  });

  it("may have nothing in it", () => {
    const outline = { total: 0, first_line: null, last_line: null, every: 1_000, marks: [] };
    const none = ofOutline(outline);

    expect(pageOfLine(7, none)).toBe(0);
    expect(rowsOf(0, none)).toBe(0);
    expect(extended(none, [9]).marks).toEqual([9]);
    expect(extended(none, []).lastLine).toBe(0);
  });
});

describe("the upper bound", () => {
  it.each([
    [[], 5, 0],
    [[1, 3, 5], 0, 0],
    [[1, 3, 5], 3, 2],
    [[1, 3, 5], 4, 2],
    [[1, 3, 5], 9, 3],
  ])("of %o and %d is %d", (ascending, value, expected) => {
    expect(upperBound(ascending, value)).toBe(expected);
  });
});
