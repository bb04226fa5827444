// Work that is rung for: never twice at a time, never too soon, never forgotten.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Pacer } from "@/log/pacing.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("a pacer", () => {
  it("does at once what is rung for once", async () => {
    const work = vi.fn(async () => undefined);
    await new Pacer(work, () => 100).ring();

    expect(work).toHaveBeenCalledTimes(1);
  });

  it("does two things for many rings: now, and after the pause", async () => {
    const work = vi.fn(async () => undefined);
    const pacer = new Pacer(work, () => 100);
    for (let ring = 0; ring < 9; ring += 1) {
      void pacer.ring();
    }
    await vi.advanceTimersByTimeAsync(99);
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(500);

    expect(work).toHaveBeenCalledTimes(2);
  });

  it("does once more what was rung for while it was at work, however long that took", async () => {
    const work = vi.fn(() => new Promise<void>((resolve) => setTimeout(resolve, 1_000)));
    const pacer = new Pacer(work, () => 100);
    void pacer.ring();
    await vi.advanceTimersByTimeAsync(500);
    void pacer.ring();
    await vi.advanceTimersByTimeAsync(501);

    expect(work).toHaveBeenCalledTimes(2);
  });

  it("is still when it was stopped", async () => {
    const work = vi.fn(async () => undefined);
    const pacer = new Pacer(work, () => 100);
    await pacer.ring();
    void pacer.ring();
    pacer.stop();
    await vi.advanceTimersByTimeAsync(500);

    expect(work).toHaveBeenCalledTimes(1);
  });
});
