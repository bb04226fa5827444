// Runs by day: the days that nobody told of filled in, and what they come to. Pure.
//
// A day is one of UTC, as the server counts them.

import type { Day } from "@/api/shapes.ts";

export interface Point {
  /** As 2024-01-31. */
  day: string;
  runs: number;
  success: number;
  failed: number;
  cancelled: number;
  /** Seconds; null on a day on which nothing ended. */
  p50: number | null;
  p95: number | null;
}

export interface Totals {
  runs: number;
  success: number;
  failed: number;
  /** Of those that succeeded or failed, 0 to 1. */
  rate: number | null;
  /** The middle of the days' values, a day counting as much as it has runs. */
  p50: number | null;
  p95: number | null;
}

const DAY_MS = 86_400_000;

/** The last `count` days, today the last of them. */
export function daysUntil(now: number, count: number): string[] {
  const today = Math.floor(now / DAY_MS);
  return Array.from({ length: count }, (_, index) =>
    new Date((today - count + 1 + index) * DAY_MS).toISOString().slice(0, 10),
  );
}

/** One point for each of `calendar`, in its order. */
export function pointsOf(days: readonly Day[], calendar: readonly string[]): Point[] {
  const told = new Map(days.map((day) => [day.day, day]));
  return calendar.map((day) => {
    const one = told.get(day);
    return {
      day,
      runs: one?.runs ?? 0,
      success: one?.success ?? 0,
      failed: one?.failed ?? 0,
      cancelled: one?.cancelled ?? 0,
      p50: one?.duration_p50 ?? null,
      p95: one?.duration_p95 ?? null,
    };
  });
}

export function byProject(days: readonly Day[]): Map<string, Day[]> {
  const found = new Map<string, Day[]>();
  for (const day of days) {
    const own = found.get(day.project) ?? [];
    own.push(day);
    found.set(day.project, own);
  }
  return found;
}

export function totalsOf(points: readonly Point[]): Totals {
  const success = sum(points.map((point) => point.success));
  const failed = sum(points.map((point) => point.failed));
  return {
    runs: sum(points.map((point) => point.runs)),
    success,
    failed,
    rate: rateOf({ success, failed }),
    p50: middle(points.map(({ p50, runs }) => [p50, runs])),
    p95: middle(points.map(({ p95, runs }) => [p95, runs])),
  };
}

/** The share of success; null when nothing ended by itself. */
export function rateOf({ success, failed }: { success: number; failed: number }): number | null {
  return success + failed === 0 ? null : success / (success + failed);
}

/** The value that half of the weight does not exceed. */
function middle(weighed: readonly (readonly [number | null, number])[]): number | null {
  const known = weighed
    .filter((one): one is readonly [number, number] => one[0] !== null)
    .sort(([one], [other]) => one - other);
  const half = sum(known.map(([, weight]) => weight)) / 2;
  let passed = 0;
  for (const [value, weight] of known) {
    passed += weight;
    if (passed >= half) {
      return value;
    }
  }
  return null;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
