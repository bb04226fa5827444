// A day and what happened on it, in words.

import type { Point } from "@/screens/projects/days.ts";
import { rateOf } from "@/screens/projects/days.ts";
import { tag } from "@/texts/index.ts";
import { duration, percent } from "@/texts/times.ts";

type Tell = (key: string, named?: Record<string, unknown>) => string;

export function shortDay(day: string): string {
  return format(day, { day: "numeric", month: "short" });
}

export function wholeDay(day: string): string {
  return format(day, { weekday: "short", day: "numeric", month: "short", year: "numeric" });
}

/** All of a day in a sentence, for who cannot see its bars and dots. */
export function dayTold(point: Point, tell: Tell): string {
  const day = wholeDay(point.day);
  if (point.runs === 0) {
    return tell("projects.day.none", { day });
  }
  const { success, failed, p50, p95 } = point;
  const rate = rateOf(point);
  const parts = [
    tell("projects.day.runs", { day, success, failed }),
    rate === null ? "" : percent(rate),
    p50 === null ? "" : `p50 ${duration(p50)}`,
    p95 === null ? "" : `p95 ${duration(p95)}`,
  ];
  return parts.filter(Boolean).join(" · ");
}

// The days are those of UTC, whatever zone the viewer is in.
function format(day: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(tag.value, { ...options, timeZone: "UTC" }).format(Date.parse(day));
}
