// The search: from the line in view on, once round, and on as the log grows.

import { describe, expect, it, vi } from "vitest";
import { type ReadSlice, Seeking } from "@/log/seeking.ts";

/** A log in which these lines match, looked through in slices. */
function log(matching: readonly number[], last: number, slice = 100): ReadSlice {
  return async (after) => {
    const scanned = Math.min(last, after + slice);
    return {
      matches: matching.filter((line) => line > after && line <= scanned),
      scanned_to: scanned,
      last_line: last,
      is_complete: scanned >= last,
    };
  };
}
const never = new AbortController().signal;

describe("a search", () => {
  it.each([1, 250, 420, 1_000])("begun at line %d finds all matches", async (begin) => {
    const matching = [3, 250, 251, 420, 999];
    const seeking = new Seeking(begin);
    const onSlice = vi.fn();
    await seeking.run(log(matching, 1_000), never, onSlice);

    expect(seeking.count).toBe(5);
    expect(seeking.isComplete).toBe(true);
    expect(seeking.progress).toEqual({ scanned: 1_000, of: 1_000 });
    expect(matching.map((line) => seeking.placeOf(line))).toEqual([1, 2, 3, 4, 5]);
    expect(seeking.placeOf(4)).toBe(0);
    expect(seeking.has(999)).toBe(true);
    expect(seeking.has(1_000)).toBe(false);
    expect(onSlice.mock.calls.length).toBeGreaterThanOrEqual(10);
  });

  it("goes on to the next and back, and round the ends", async () => {
    const seeking = new Seeking(300);
    await seeking.run(log([3, 250, 420], 1_000), never, () => undefined);

    expect([299, 250, 420, 3].map((line) => seeking.next(line))).toEqual([420, 420, 3, 250]);
    expect([420, 250, 3].map((line) => seeking.previous(line))).toEqual([250, 3, 420]);
  });

  it("knows the next match before it has seen the rest", async () => {
    const seeking = new Seeking(501);
    const stop = new AbortController();
    const seen: (number | null)[] = [];
    await seeking.run(log([3, 520], 100_000), stop.signal, () => {
      seen.push(seeking.next(500));
      stop.abort();
    });

    expect(seen).toEqual([520]);
    expect(seeking.next(520)).toBeNull();
    expect(seeking.isComplete).toBe(false);
  });

  it("finds nothing in an empty log", async () => {
    const seeking = new Seeking(1);
    await seeking.run(log([], 0), never, () => undefined);

    expect(seeking.count).toBe(0);
    expect(seeking.next(0)).toBeNull();
    expect(seeking.previous(5)).toBeNull();
  });

  it("looks at new lines only, once it is through", async () => {
    const seeking = new Seeking(50);
    await seeking.run(log([60], 100), never, () => undefined);
    const read = vi.fn(log([60, 120], 150));
    await seeking.run(read, never, () => undefined);

    expect(seeking.count).toBe(2);
    expect(read.mock.calls.map(([after]) => after)).toEqual([100]);
  });

  it("does not take what comes after it was stopped", async () => {
    const stop = new AbortController();
    const seeking = new Seeking(1);
    await seeking.run(
      async (after, signal) => {
        stop.abort();
        return log([1], 10)(after, signal);
      },
      stop.signal,
      () => undefined,
    );

    expect(seeking.count).toBe(0);
  });
});
