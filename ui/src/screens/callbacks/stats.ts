// Figures of deliveries as charts and tables show them. Pure.

import type { DayFigures } from "@/api/delivery-shapes.ts";

export const RANGES = [7, 30, 90] as const;
export type Range = (typeof RANGES)[number];

const DAY_MS = 86_400_000;

export interface DeliveryPoint {
  day: string;
  success: number;
  failed: number;
  /** Seconds: what half of them took at most, as far as it is known, and the longest. */
  p50: number | null;
  p95: number | null;
}

export function rangeOf(said: unknown): Range {
  return RANGES.find((one) => String(one) === said) ?? 7;
}

/** The first instant of the first of the last `days` days of UTC. */
export function sinceDays(days: number, now: number): string {
  return new Date((Math.floor(now / DAY_MS) - days + 1) * DAY_MS).toISOString();
}

/** The mean and the longest of each day, in seconds. */
export function pointsOf(days: readonly DayFigures[]): DeliveryPoint[] {
  const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);
  return days.map(({ day, success, failed, duration: { avg, max } }) => ({
    ...{ day, success, failed },
    p50: seconds(avg),
    p95: seconds(max),
  }));
}
