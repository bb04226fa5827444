// The runs of the last days, read page by page and kept new.

import { read } from "@/api/call.ts";
import type { Day, Page } from "@/api/shapes.ts";
import { type Reading, useReading } from "@/live/reading.ts";
import { daysUntil } from "@/screens/projects/days.ts";

// A day has a row for each project: 100 projects in 90 days are nine pages.
const PAGE_ROWS = 1_000;
const PAGES_MOST = 20;
const READ_EVERY_MS = 15_000;

export interface Days {
  /** The oldest first, all of them. */
  calendar: string[];
  days: Day[];
}

/** Days of all projects, or of one. */
export function useDays(count: () => number, project: () => string | null): Reading<Days> {
  return useReading(
    async (signal) => {
      const calendar = daysUntil(Date.now(), count());
      return { calendar, days: await allDays(calendar[0] ?? "", project(), signal) };
    },
    {
      everyMs: READ_EVERY_MS,
      // What is under way changes no day; its begin and end do.
      isStale: ({ event }) =>
        event?.event_type !== "deployment_progress" &&
        (project() === null || event?.project === project()),
      source: () => [count(), project()].join(" "),
    },
  );
}

export async function allDays(
  since: string,
  project: string | null,
  signal?: AbortSignal,
): Promise<Day[]> {
  const days: Day[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < PAGES_MOST; page += 1) {
    const query = { project, since: `${since}T00:00:00Z`, limit: PAGE_ROWS, cursor };
    const found: Page<Day> = await read("/api/v1/metrics/deployments", query, signal);
    days.push(...found.items);
    cursor = found.next_cursor;
    if (cursor === null) {
      break;
    }
  }
  return days;
}
