// A day and what happened on it, in words.

import type { Point } from "@/screens/projects/days.ts";
import { rateOf } from "@/screens/projects/days.ts";
import { duration, percent, wholeDay } from "@/texts/times.ts";

type Tell = (key: string, named?: Record<string, unknown>) => string;

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
