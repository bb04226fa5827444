// Which deployments are asked for: read from the address, written into it, put to the API. Pure.

import type { LocationQuery, LocationQueryRaw } from "vue-router";
import type { Query } from "@/api/call.ts";
import type { DeploymentStatus } from "@/api/shapes.ts";

export const STATUSES: readonly DeploymentStatus[] = [
  "pending",
  "running",
  "success",
  "failed",
  "cancelled",
];

/** How far back, in milliseconds. */
export const SPANS = { "1h": 3_600_000, "24h": 86_400_000, "7d": 604_800_000 } as const;
export type Span = keyof typeof SPANS;

// Of the list that can be paged; the last is the most that stands on the screen at a time.
export const ROWS: readonly number[] = [50, 150, 250];
const FIRST_ROWS = 50;

/** As many as the API takes. */
export const MAX_PROJECTS = 20;

export interface Filters {
  projects: readonly string[];
  statuses: readonly DeploymentStatus[];
  isStalled: boolean;
  /** Stalled, or failed without a later success. */
  needsLook: boolean;
  span: Span | null;
  text: string;
  /** Behind which place the list begins, when it does not begin with the newest. */
  behind: string | null;
  rows: number;
}

export const NO_FILTERS: Filters = {
  projects: [],
  statuses: [],
  isStalled: false,
  needsLook: false,
  span: null,
  text: "",
  behind: null,
  rows: FIRST_ROWS,
};

/** What an address asks for; what makes no sense in it counts as absent. */
export function filtersOf(said: LocationQuery): Filters {
  const span = one(said, "since");
  return {
    projects: all(said, "project").slice(0, MAX_PROJECTS),
    statuses: STATUSES.filter((status) => all(said, "status").includes(status)),
    isStalled: one(said, "stalled") === "true",
    needsLook: one(said, "attention") === "true",
    span: Object.hasOwn(SPANS, span) ? (span as Span) : null,
    text: one(said, "q"),
    behind: one(said, "cursor") || null,
    rows: ROWS.find((rows) => rows === Number(one(said, "rows"))) ?? FIRST_ROWS,
  };
}

/** The other way: what goes into the address. */
export function addressOf(filters: Filters): LocationQueryRaw {
  return {
    ...(filters.projects.length > 0 && { project: [...filters.projects] }),
    ...(filters.statuses.length > 0 && { status: [...filters.statuses] }),
    ...(filters.isStalled && { stalled: "true" }),
    ...(filters.needsLook && { attention: "true" }),
    ...(filters.span !== null && { since: filters.span }),
    ...(filters.text !== "" && { q: filters.text }),
    ...(filters.behind !== null && { cursor: filters.behind }),
    ...(filters.rows !== FIRST_ROWS && { rows: String(filters.rows) }),
  };
}

/** The API's query for all that fits. A span begins with its minute, so that it stays a while. */
export function callOf(filters: Filters, now: number): Query {
  const since = filters.span === null ? null : Math.floor((now - SPANS[filters.span]) / 60_000) * 60_000;
  return {
    project: filters.projects,
    status: filters.statuses,
    stalled: filters.isStalled || null,
    attention: filters.needsLook || null,
    since: since === null ? null : new Date(since).toISOString(),
    q: filters.text,
  };
}

/** Whether anything is left out. */
export function isNarrowed(filters: Filters): boolean {
  return isOneList(filters) || filters.projects.length > 0 || filters.span !== null;
}

/** Whether one asks for deployments of a kind, and so wants one list and no groups. */
export function isOneList(filters: Filters): boolean {
  return (
    filters.statuses.length > 0 ||
    filters.isStalled ||
    filters.needsLook ||
    filters.text !== "" ||
    filters.behind !== null
  );
}

function all(said: LocationQuery, name: string): string[] {
  const value = said[name];
  const values = Array.isArray(value) ? value : [value];
  return [...new Set(values.filter((text): text is string => Boolean(text)))];
}

function one(said: LocationQuery, name: string): string {
  return all(said, name)[0] ?? "";
}
