// Which line stands on which row. Pure.
//
// A view of the whole log has line 1 on row 0 and so on. In a filtered one the outline's marks tell
// the line of each thousandth row; the rows between come with the page that begins there.

import type { Outline } from "@/api/shapes.ts";

/** Rows of one page of an unfiltered view; one of a filtered view goes from mark to mark. */
export const PAGE_ROWS = 500;

export interface Ordinals {
  /** How many lines fit. */
  total: number;
  pageRows: number;
  /** The line with which each page begins; null: no line is left out. */
  marks: readonly number[] | null;
  /** The last line that fits; 0 when none does. */
  lastLine: number;
}

export function allLines(total: number): Ordinals {
  return { total, pageRows: PAGE_ROWS, marks: null, lastLine: total };
}

export function ofOutline(outline: Outline): Ordinals {
  const { total, marks, every, last_line: last } = outline;
  return { total, pageRows: every, marks, lastLine: last ?? 0 };
}

/** With lines that came behind the last one. */
export function extended(ordinals: Ordinals, lines: readonly number[]): Ordinals {
  const { total, pageRows, marks } = ordinals;
  const added = lines.filter((_, at) => (total + at) % pageRows === 0);
  return {
    total: total + lines.length,
    pageRows,
    marks: marks === null ? null : added.length === 0 ? marks : [...marks, ...added],
    lastLine: lines.at(-1) ?? ordinals.lastLine,
  };
}

/** The page on which a line is, or would be if it fits. */
export function pageOfLine(line: number, { marks, pageRows }: Ordinals): number {
  if (marks === null) {
    return Math.floor(Math.max(0, line - 1) / pageRows);
  }
  return Math.max(0, upperBound(marks, line) - 1);
}

/** With which line the page begins. */
export function firstLineOf(page: number, { marks, pageRows }: Ordinals): number {
  return marks === null ? page * pageRows + 1 : (marks[page] ?? 0);
}

/** How many rows the page has by now. */
export function rowsOf(page: number, { total, pageRows }: Ordinals): number {
  return Math.max(0, Math.min(pageRows, total - page * pageRows));
}

/** How many of the ascending numbers are at most `value`. */
export function upperBound(ascending: readonly number[], value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) <= value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
