// Figures of deliveries for charts.

import { expect, it } from "vitest";
import { pointsOf, rangeOf, sinceDays } from "@/screens/callbacks/stats.ts";

it("counts whole days of UTC, today among them", () => {
  expect(sinceDays(7, Date.parse("2026-01-08T23:59:00Z"))).toBe("2026-01-02T00:00:00.000Z");
});

it("takes a range that it knows", () => {
  expect([rangeOf("30"), rangeOf("31"), rangeOf(undefined)]).toEqual([30, 7, 7]);
});

it("draws times in seconds, and none where nothing was sent", () => {
  const day = {
    ...{ day: "2026-01-01", total: 3, success: 2, failed: 1, pending: 0, folded: 0 },
    ...{ success_rate: 0.66, retries: 0, duration: { avg: 120, max: null } },
  };

  expect(pointsOf([day])).toEqual([{ day: "2026-01-01", success: 2, failed: 1, p50: 0.12, p95: null }]);
});
