// Where the lines of an axis stand.

import { describe, expect, it } from "vitest";
import { countTicks, durationTicks, namedDays } from "@/charts/scale.ts";

describe("lines for counts", () => {
  it.each([
    [0, [0, 1]],
    [1, [0, 1]],
    [3, [0, 1, 2, 3]],
    [7, [0, 5, 10]],
    [100, [0, 50, 100]],
    [2_345, [0, 1_000, 2_000, 3_000]],
  ])("up to %d are %j", (most, ticks) => {
    expect(countTicks(most)).toEqual(ticks);
  });
});

describe("lines for durations", () => {
  it.each([
    [0.3, [0, 0.1, 0.2, 0.3]],
    [42, [0, 15, 30, 45]],
    [150, [0, 60, 120, 180]],
    [3_000, [0, 900, 1_800, 2_700, 3_600]],
    [700_000, [0, 259_200, 518_400, 777_600]],
  ])("up to %d s are %j", (most, ticks) => {
    expect(durationTicks(most)).toEqual(ticks);
  });

  it.each([0.01, 1, 59, 61, 3_599, 86_399, 1e6, 1e8])("reach %d s and are few", (most) => {
    const ticks = durationTicks(most);

    expect(ticks.at(-1)).toBeGreaterThanOrEqual(most);
    expect(ticks.length).toBeLessThanOrEqual(6);
  });
});

describe("named days", () => {
  it("are all where there is room", () => {
    expect(namedDays(3, 10)).toEqual([0, 1, 2]);
  });

  it("are a week apart, and today is one of them, where there is less", () => {
    expect(namedDays(30, 6)).toEqual([1, 8, 15, 22, 29]);
  });

  it("are at least today", () => {
    expect(namedDays(90, 1).at(-1)).toBe(89);
  });
});
