import assert from "node:assert/strict";
import { test } from "node:test";

import { isFinal, pauseMs } from "../src/backoff.ts";

test("the ceiling doubles with each failure up to the longest pause", () => {
  const ceilings = [1, 2, 3, 4, 5, 6, 7, 1000].map((n) => pauseMs(n, 1, 10_000));

  assert.deepEqual(ceilings, [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
});

test("a pause is anything from nothing to the ceiling", () => {
  assert.equal(pauseMs(3, 0, 10_000), 0);
  assert.equal(pauseMs(3, 0.5, 10_000), 500);
  assert.equal(pauseMs(1, 0.9, 100), 90);
});

test("only 4500 to 4999 say that coming back is of no use", () => {
  const codes = [1000, 1001, 1006, 4000, 4001, 4429, 4499, 4500, 4501, 4999, 5000];

  assert.deepEqual(codes.filter(isFinal), [4500, 4501, 4999]);
});
