import { effectScope, nextTick, ref } from "vue";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "@/api/call.ts";
import { ring } from "@/live/link.ts";
import { useReading } from "@/live/reading.ts";

const SOMETHING = { event: null, seq: null };

/** A source whose answers are given by hand. */
function byHand() {
  const asked: { answer: (value: number) => void; fail: (error: Error) => void; signal: AbortSignal }[] = [];
  const read = (signal: AbortSignal) =>
    new Promise<number>((answer, fail) => {
      asked.push({ answer, fail, signal });
    });
  return { asked, read };
}

let scope = effectScope();

beforeEach(() => {
  scope = effectScope();
  vi.useFakeTimers();
});

afterEach(() => {
  scope.stop();
});

describe("a reading", () => {
  it("reads at once, and is loading until then", async () => {
    const { asked, read } = byHand();
    const reading = scope.run(() => useReading(read));
    expect(reading?.isLoading.value).toBe(true);

    asked[0]?.answer(1);
    await vi.advanceTimersByTimeAsync(0);

    expect(reading?.data.value).toBe(1);
    expect(reading?.isLoading.value).toBe(false);
  });

  it("reads once more after a ring that came while it was reading", async () => {
    const { asked, read } = byHand();
    const reading = scope.run(() => useReading(read, { everyMs: 100 }));
    ring(SOMETHING);
    ring(SOMETHING);
    asked[0]?.answer(1);
    await vi.advanceTimersByTimeAsync(100);
    asked[1]?.answer(2);
    await vi.advanceTimersByTimeAsync(1000);

    expect(asked.length).toBe(2);
    expect(reading?.data.value).toBe(2);
  });

  it("rings however often, reads no more often than it may", async () => {
    const { asked, read } = byHand();
    scope.run(() => useReading(read, { everyMs: 100 }));
    for (let tick = 0; tick < 100; tick += 1) {
      ring(SOMETHING);
      asked.at(-1)?.answer(tick);
      await vi.advanceTimersByTimeAsync(10);
    }

    expect(asked.length).toBeLessThanOrEqual(11);
  });

  it("keeps what it has when reading again fails", async () => {
    const { asked, read } = byHand();
    const reading = scope.run(() => useReading(read, { everyMs: 0 }));
    asked[0]?.answer(1);
    await vi.advanceTimersByTimeAsync(0);
    ring(SOMETHING);
    await vi.advanceTimersByTimeAsync(1);
    asked[1]?.fail(new Problem(503, "store_down", "away"));
    await vi.advanceTimersByTimeAsync(0);

    expect(reading?.data.value).toBe(1);
    expect(reading?.problem.value?.status).toBe(503);
  });

  it("gives up what was asked for before its source changed", async () => {
    const { asked, read } = byHand();
    const source = ref("a");
    const reading = scope.run(() => useReading(read, { source: () => source.value }));
    source.value = "b";
    await nextTick();
    expect(asked[0]?.signal.aborted).toBe(true);

    asked[1]?.answer(2);
    asked[0]?.answer(1);
    await vi.advanceTimersByTimeAsync(0);

    expect(reading?.data.value).toBe(2);
  });

  it("ends with its scope", () => {
    const { asked, read } = byHand();
    scope.run(() => useReading(read));
    scope.stop();

    expect(asked[0]?.signal.aborted).toBe(true);
  });
});
