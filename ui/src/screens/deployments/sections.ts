// The groups of the front page: what is asked for each, and what stands in them. Pure.
//
// Needs a look, under way and lately are `attention=true`, `attention=false` with what is not over,
// and `attention=false` with what is: each deployment is in just one of them. They are read at
// slightly different times, so one that moves meanwhile may be met twice; its later look counts.

import type { Query } from "@/api/call.ts";
import type { Page, Summary } from "@/api/shapes.ts";
import { callOf, type Filters, isOneList } from "@/screens/deployments/filters.ts";

export type SectionName = "attention" | "underway" | "lately" | "found";

export interface Wanted {
  name: SectionName;
  query: Query;
  /** How many of those read are shown. */
  shown: number;
}

export interface Section {
  name: SectionName;
  rows: readonly Summary[];
  /** How many are there; null when it is more than were read. */
  total: number | null;
  /** Where what comes after those shown begins. */
  next: string | null;
}

const LOOKS_SHOWN = 20;
const READ_AT_ONCE = 100;

/** Distinct for each deployment; its id alone is so only within its project. */
export function keyOf(deployment: Pick<Summary, "project" | "id">): string {
  return JSON.stringify([deployment.project, deployment.id]);
}

/** What to read for these filters. */
export function wantedFor(filters: Filters, now: number): Wanted[] {
  const call = callOf(filters, now);
  const { rows } = filters;
  if (isOneList(filters)) {
    return [{ name: "found", query: { ...call, cursor: filters.behind, limit: rows }, shown: rows }];
  }
  const others = { ...call, attention: false };
  return [
    {
      name: "attention",
      query: { ...call, attention: true, limit: READ_AT_ONCE },
      shown: LOOKS_SHOWN,
    },
    {
      name: "underway",
      query: { ...others, status: ["pending", "running"], limit: READ_AT_ONCE },
      shown: READ_AT_ONCE,
    },
    {
      name: "lately",
      query: { ...others, status: ["success", "failed", "cancelled"], limit: rows },
      shown: rows,
    },
  ];
}

/** The sections with what was read for them, each deployment once. */
export function sectionsOf(wanted: readonly Wanted[], pages: readonly Page<Summary>[]): Section[] {
  const latest = new Map<string, Summary>();
  for (const row of pages.flatMap((page) => page.items)) {
    const known = latest.get(keyOf(row));
    if (known === undefined || known.seq <= row.seq) {
      latest.set(keyOf(row), row);
    }
  }
  return wanted.map(({ name, shown }, index) => {
    const page = pages[index] ?? { items: [], next_cursor: null };
    const rows = page.items.filter((row) => latest.get(keyOf(row)) === row);
    return {
      name,
      rows: rows.slice(0, shown),
      total: page.next_cursor === null ? rows.length : null,
      next: page.next_cursor,
    };
  });
}

/** The sections with the rows of `before` that look the same, so that only news is drawn. */
export function reusing(sections: readonly Section[], before: readonly Section[]): Section[] {
  const known = new Map(before.flatMap(({ rows }) => rows).map((row) => [keyOf(row), row]));
  return sections.map((section) => ({
    ...section,
    rows: section.rows.map((row) => {
      const same = known.get(keyOf(row));
      // Only that it has stalled can be new without an event of its own.
      return same?.seq === row.seq && same.stalled === row.stalled ? same : row;
    }),
  }));
}

/** Which deployments stood where, with their looks, for who reads further down. */
export type Held = ReadonlyMap<SectionName, readonly Summary[]>;

export function hold(sections: readonly Section[]): Held {
  return new Map(sections.map(({ name, rows }) => [name, rows]));
}

/**
 * The sections as they were held, each deployment as it looks now, and how many are new.
 *
 * One that has moved to another group, or out of all that is read, stays where it was.
 */
export function withHeld(
  sections: readonly Section[],
  held: Held,
): { sections: Section[]; unseen: number } {
  const now = new Map(sections.flatMap(({ rows }) => rows).map((row) => [keyOf(row), row]));
  const known = new Set([...held.values()].flat().map(keyOf));
  return {
    sections: sections.map((section) => ({
      ...section,
      rows: (held.get(section.name) ?? []).map((row) => now.get(keyOf(row)) ?? row),
    })),
    unseen: [...now.keys()].filter((key) => !known.has(key)).length,
  };
}
