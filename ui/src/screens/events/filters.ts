// Which events are asked for: read from the address, written into it, put to the API. Pure.

import type { LocationQuery, LocationQueryRaw } from "vue-router";
import type { Query } from "@/api/call.ts";

/** How far back, in milliseconds. */
export const SPANS = {
  "15m": 900_000,
  "1h": 3_600_000,
  "24h": 86_400_000,
  "7d": 604_800_000,
} as const;
export type Span = keyof typeof SPANS;

/** As many values of a kind as the API takes. */
const MOST_VALUES = 20;

export interface EventFilters {
  sources: readonly string[];
  projects: readonly string[];
  /** May hold `*`. */
  type: string;
  subject: string;
  span: Span | null;
  /** Received before then, RFC 3339. */
  until: string | null;
}

export const NO_FILTERS: EventFilters = {
  sources: [],
  projects: [],
  type: "",
  subject: "",
  span: null,
  until: null,
};

/** What an address asks for; what makes no sense in it counts as absent. */
export function filtersOf(said: LocationQuery): EventFilters {
  const span = one(said, "since");
  const until = Date.parse(one(said, "until"));
  return {
    sources: all(said, "source").slice(0, MOST_VALUES),
    projects: all(said, "project").slice(0, MOST_VALUES),
    type: one(said, "type"),
    subject: one(said, "subject"),
    span: span in SPANS ? (span as Span) : null,
    until: Number.isNaN(until) ? null : new Date(until).toISOString(),
  };
}

/** The other way: what goes into the address. */
export function addressOf(filters: EventFilters): LocationQueryRaw {
  return {
    ...(filters.sources.length > 0 && { source: [...filters.sources] }),
    ...(filters.projects.length > 0 && { project: [...filters.projects] }),
    ...(filters.type !== "" && { type: filters.type }),
    ...(filters.subject !== "" && { subject: filters.subject }),
    ...(filters.span !== null && { since: filters.span }),
    ...(filters.until !== null && { until: filters.until }),
  };
}

/** The API's query. A span begins with its minute, so that it stays a while. */
export function callOf(filters: EventFilters, now: number): Query {
  const { span } = filters;
  const since = span === null ? null : Math.floor((now - SPANS[span]) / 60_000) * 60_000;
  return {
    source: filters.sources,
    type: filters.type,
    project: filters.projects,
    subject: filters.subject,
    since: since === null ? null : new Date(since).toISOString(),
    until: filters.until,
  };
}

export function isNarrowed(filters: EventFilters): boolean {
  return Object.keys(addressOf(filters)).length > 0;
}

function all(said: LocationQuery, name: string): string[] {
  const value = said[name];
  const values = Array.isArray(value) ? value : [value];
  return [...new Set(values.filter((text): text is string => Boolean(text)))];
}

function one(said: LocationQuery, name: string): string {
  return all(said, name)[0] ?? "";
}
