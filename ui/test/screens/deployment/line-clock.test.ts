// How far a log had come at a time.

import { expect, test } from "vitest";
import type { Line } from "@/api/shapes.ts";
import { LineClock } from "@/screens/deployment/line-clock.ts";
import { at, ms } from "./made.ts";

/** A log with one line at each of the `seconds`, and the calls that were made. */
function log(seconds: readonly number[]) {
  const calls: { from: number; limit: number }[] = [];
  const clock = new LineClock((from, limit) => {
    calls.push({ from, limit });
    const found = seconds.slice(from - 1, from - 1 + limit);
    return Promise.resolve(
      found.map((second, number) => ({ line: from + number, at: at(second) }) as Line),
    );
  });
  return { calls, clock };
}

const LONG = Array.from({ length: 12_345 }, (_, line) => line / 10);

test.each([
  [-1, 0],
  [0, 1],
  [0.05, 1],
  [49.9, 500],
  [50, 501],
  [617.2, 6173],
  [1_234.4, 12_345],
  [9_999, 12_345],
])("at %d s the log had come to line %d", async (second, line) => {
  const { clock } = log(LONG);

  expect(await clock.lineAt(ms(second), LONG.length)).toBe(line);
});

test("a log without lines has come to none", async () => {
  expect(await log([]).clock.lineAt(ms(5), 0)).toBe(0);
});

test("a replay that moves on reads next to nothing more", async () => {
  const { calls, clock } = log(LONG);
  await clock.lineAt(ms(600), LONG.length);
  const before = calls.length;
  for (let second = 600; second < 640; second += 0.1) {
    await clock.lineAt(ms(second), LONG.length);
  }

  expect(before).toBeLessThan(8);
  expect(calls.length - before).toBeLessThan(3);
});

test("a line whose clock ran ahead hides itself and what came behind it until its time", async () => {
  const { clock } = log([0, 1, 9, 2, 3]);

  expect(await clock.lineAt(ms(4), 5)).toBe(2);
  expect(await clock.lineAt(ms(9), 5)).toBe(5);
});

test("a log that has grown is read on", async () => {
  const seconds = [0, 1, 2];
  const { clock } = log(seconds);
  await clock.lineAt(ms(9), 3);
  seconds.push(3, 4);

  expect(await clock.lineAt(ms(9), 5)).toBe(5);
});
