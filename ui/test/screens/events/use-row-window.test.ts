// Which rows of a long list are drawn.

import { expect, test } from "vitest";
import { sliceOf } from "@/screens/events/use-row-window.ts";

test("of ten thousand rows only those around the view are drawn", () => {
  expect(sliceOf(200_000, 800, 40, 10_000)).toEqual({ first: 4988, last: 5032 });
});

test("at the ends nothing is drawn beyond them", () => {
  expect(sliceOf(-100, 800, 40, 10_000).first).toBe(0);
  expect(sliceOf(399_900, 800, 40, 10_000).last).toBe(10_000);
  expect(sliceOf(0, 800, 40, 3)).toEqual({ first: 0, last: 3 });
});

test("a list far below or above the view draws nothing", () => {
  expect(sliceOf(-99_999, 800, 40, 100)).toEqual({ first: 0, last: 0 });
  expect(sliceOf(99_999, 800, 40, 100)).toEqual({ first: 100, last: 100 });
});
