// Runs by day, and what they come to.

import { describe, expect, it } from "vitest";
import type { Day } from "@/api/shapes.ts";
import { byProject, daysUntil, type Point, pointsOf, rateOf, totalsOf } from "@/screens/projects/days.ts";

function day(said: Partial<Day>): Day {
  return {
    project: "shop",
    day: "2026-01-01",
    runs: 4,
    success: 3,
    failed: 1,
    cancelled: 0,
    success_rate: 0.75,
    duration_p50: 10,
    duration_p95: 20,
    ...said,
  };
}

const point = (said: Partial<Point>): Point => ({
  day: "2026-01-01",
  runs: 0,
  success: 0,
  failed: 0,
  cancelled: 0,
  p50: null,
  p95: null,
  ...said,
});

describe("the calendar", () => {
  it("ends with today, by UTC", () => {
    const days = daysUntil(Date.parse("2026-03-01T23:59:59Z"), 3);

    expect(days).toEqual(["2026-02-27", "2026-02-28", "2026-03-01"]);
  });

  it("has each day once over a change of the clocks", () => {
    const days = daysUntil(Date.parse("2026-11-02T00:00:00Z"), 90);

    expect(new Set(days).size).toBe(90);
  });
});

describe("points", () => {
  it("stand for each day, also for those that nobody told of", () => {
    const points = pointsOf([day({ day: "2026-01-02" })], ["2026-01-01", "2026-01-02"]);

    expect(points).toEqual([
      point({ day: "2026-01-01" }),
      point({ day: "2026-01-02", runs: 4, success: 3, failed: 1, p50: 10, p95: 20 }),
    ]);
  });

  it("are of one project each", () => {
    const found = byProject([day({}), day({ project: "other" }), day({ day: "2026-01-02" })]);

    expect([...found].map(([name, days]) => [name, days.length])).toEqual([["shop", 2], ["other", 1]]);
  });
});

describe("totals", () => {
  it("know no rate and no duration where nothing ended", () => {
    expect(totalsOf([point({ runs: 1 })])).toEqual({
      runs: 1,
      success: 0,
      failed: 0,
      rate: null,
      p50: null,
      p95: null,
    });
  });

  it("count all runs alike, and no cancelled ones into the rate", () => {
    const days = [point({ runs: 9, success: 8, cancelled: 1 }), point({ runs: 2, failed: 2 })];

    expect(totalsOf(days)).toMatchObject({ runs: 11, success: 8, failed: 2, rate: 0.8 });
  });

  it("take the middle of the days' durations by their runs, and no mean that one day spoils", () => {
    const days = [
      point({ runs: 1, p50: 9_000, p95: 9_000 }),
      point({ runs: 10, p50: 40, p95: 90 }),
      point({ runs: 10, p50: 50, p95: 80 }),
      point({ runs: 5 }),
    ];

    expect(totalsOf(days)).toMatchObject({ p50: 50, p95: 90 });
  });
});

it("knows a rate only of what ended by itself", () => {
  expect(rateOf({ success: 0, failed: 0 })).toBeNull();
  expect(rateOf({ success: 0, failed: 2 })).toBe(0);
  expect(rateOf({ success: 1, failed: 3 })).toBe(0.25);
});
