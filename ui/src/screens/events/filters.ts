// Which events are asked for: read from the address, written into it, put to the API. Pure.

import type { LocationQuery, LocationQueryRaw } from "vue-router";
import type { Query } from "@/api/call.ts";
import { oneOf, sinceOf, type Span, SPANS, valueOf, valuesOf } from "@/surroundings/address-values.ts";

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
  const until = Date.parse(valueOf(said, "until"));
  return {
    sources: valuesOf(said, "source").slice(0, MOST_VALUES),
    projects: valuesOf(said, "project").slice(0, MOST_VALUES),
    type: valueOf(said, "type"),
    subject: valueOf(said, "subject"),
    span: oneOf(said, "since", Object.keys(SPANS) as Span[]),
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
  return {
    source: filters.sources,
    type: filters.type,
    project: filters.projects,
    subject: filters.subject,
    since: sinceOf(filters.span, now),
    until: filters.until,
  };
}

export function isNarrowed(filters: EventFilters): boolean {
  return Object.keys(addressOf(filters)).length > 0;
}
