// Which deployments are asked for: read from the address, written into it, put to the API. Pure.

import type { LocationQuery, LocationQueryRaw } from "vue-router";
import type { Query } from "@/api/call.ts";
import type { DeploymentStatus } from "@/api/shapes.ts";
import { oneOf, sinceOf, type Span, valueOf, valuesOf } from "@/surroundings/address-values.ts";

export const STATUSES: readonly DeploymentStatus[] = [
  "pending",
  "running",
  "success",
  "failed",
  "cancelled",
];

/** How far back one may look. */
export const FILTER_SPANS = ["1h", "24h", "7d"] as const satisfies readonly Span[];

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
  return {
    projects: valuesOf(said, "project").slice(0, MAX_PROJECTS),
    statuses: STATUSES.filter((status) => valuesOf(said, "status").includes(status)),
    isStalled: valueOf(said, "stalled") === "true",
    needsLook: valueOf(said, "attention") === "true",
    span: oneOf(said, "since", FILTER_SPANS),
    text: valueOf(said, "q"),
    behind: valueOf(said, "cursor") || null,
    rows: ROWS.find((rows) => rows === Number(valueOf(said, "rows"))) ?? FIRST_ROWS,
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
  return {
    project: filters.projects,
    status: filters.statuses,
    stalled: filters.isStalled || null,
    attention: filters.needsLook || null,
    since: sinceOf(filters.span, now),
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
