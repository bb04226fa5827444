// The clock of a replay.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type EffectScope, effectScope, nextTick } from "vue";
import type { Run } from "@/api/shapes.ts";
import { type Replay, useReplay } from "@/screens/deployment/use-replay.ts";
import { attempt, ms, run, step } from "./made.ts";

const WHOLE = run("success", 0, 20, [step("build", attempt(1, 0, 10))]);

let scope: EffectScope;

beforeEach(() => {
  vi.useFakeTimers();
  scope = effectScope();
});

afterEach(() => {
  scope.stop();
  vi.useRealTimers();
});

function replayOf(known: Run | null): Replay {
  return scope.run(() =>
    useReplay(
      () => known,
      () => ms(99),
    ),
  ) as Replay;
}

async function pass(seconds: number): Promise<void> {
  await nextTick();
  await vi.advanceTimersByTimeAsync(seconds * 1000);
}

test("it plays from the beginning, as fast as is wanted, and stops at the end", async () => {
  const replay = replayOf(WHOLE);
  replay.open(null, true);
  await pass(2);
  expect(replay.at.value).toBe(ms(2));

  replay.speed.value = 4;
  await pass(3);
  expect(replay.at.value).toBe(ms(14));

  await pass(60);
  expect(replay.at.value).toBe(ms(20));
  expect(replay.isPlaying.value).toBe(false);
});

test("paused it stands, and from the end it begins anew", async () => {
  const replay = replayOf(WHOLE);
  replay.open(ms(5), true);
  replay.toggle();
  await pass(9);
  expect(replay.at.value).toBe(ms(5));

  replay.seek(ms(999));
  replay.toggle();
  expect(replay.at.value).toBe(ms(0));
  expect(replay.isPlaying.value).toBe(true);
});

test("it steps from event to event and pauses there", () => {
  const replay = replayOf(WHOLE);
  replay.open(ms(3), true);
  replay.step(1);
  expect(replay.at.value).toBe(ms(10));
  expect(replay.isPlaying.value).toBe(false);

  replay.step(-1);
  expect(replay.at.value).toBe(ms(0));
});

test("an instant beyond the run is its nearest end", () => {
  const replay = replayOf(WHOLE);
  replay.open(ms(-50), false);
  expect(replay.at.value).toBe(ms(0));
});

test("a run of which no time is known is not replayed", () => {
  const replay = replayOf({ ...WHOLE, started_at: null, completed_at: null, steps: [] });
  replay.open(null, true);

  expect(replay.at.value).toBeNull();
  expect(replay.isPlaying.value).toBe(false);
});

test("closed it is gone", () => {
  const replay = replayOf(WHOLE);
  replay.open(null, true);
  replay.close();

  expect(replay.at.value).toBeNull();
});
