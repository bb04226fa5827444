// Which deliveries are asked for: read from the address, written into it, put to the API. Pure.

import type { LocationQuery, LocationQueryRaw } from "vue-router";
import type { Query } from "@/api/call.ts";
import type { DeliveryStatus } from "@/api/callback-shapes.ts";
import { oneOf, sinceOf, type Span, SPANS, valueOf } from "@/surroundings/address-values.ts";

export const STATUSES = ["success", "failed", "pending"] as const satisfies readonly DeliveryStatus[];

export interface DeliveryFilters {
  task: string;
  /** May hold `*`. */
  type: string;
  channel: string | null;
  status: DeliveryStatus | null;
  project: string | null;
  span: Span | null;
  /** Reached by links, and shown as such. */
  callback: string | null;
  destination: string | null;
  digest: string | null;
  event: string | null;
  /** From 1. */
  page: number;
}

export const NO_FILTERS: DeliveryFilters = {
  task: "",
  type: "",
  channel: null,
  status: null,
  project: null,
  span: null,
  callback: null,
  destination: null,
  digest: null,
  event: null,
  page: 1,
};

const LINKED = ["callback", "destination", "digest", "event"] as const;

/** What an address asks for; what makes no sense in it counts as absent. */
export function filtersOf(said: LocationQuery): DeliveryFilters {
  const page = Number(valueOf(said, "page"));
  return {
    task: valueOf(said, "task"),
    type: valueOf(said, "type"),
    channel: valueOf(said, "channel") || null,
    status: oneOf(said, "status", STATUSES),
    project: valueOf(said, "project") || null,
    span: oneOf(said, "since", Object.keys(SPANS) as Span[]),
    callback: valueOf(said, "callback") || null,
    destination: valueOf(said, "destination") || null,
    digest: valueOf(said, "digest") || null,
    event: valueOf(said, "event") || null,
    page: Number.isInteger(page) && page > 0 ? page : 1,
  };
}

/** The other way: what goes into the address. */
export function addressOf(filters: DeliveryFilters): LocationQueryRaw {
  const { task, type, channel, status, project, span, page } = filters;
  return {
    ...(task !== "" && { task }),
    ...(type !== "" && { type }),
    ...(channel !== null && { channel }),
    ...(status !== null && { status }),
    ...(project !== null && { project }),
    ...(span !== null && { since: span }),
    ...Object.fromEntries(
      LINKED.map((name) => [name, filters[name]]).filter(([, value]) => value !== null),
    ),
    ...(page > 1 && { page: String(page) }),
  };
}

/** The API's query, but for the size of a page. */
export function callOf(filters: DeliveryFilters, now: number): Query {
  return { ...narrowing(filters, now), page: filters.page };
}

/** The same without the page: what is asked for as a whole, as to send it once more. */
export function narrowing(filters: DeliveryFilters, now: number): Query {
  return {
    task_id: filters.task,
    event_type: filters.type,
    channel: filters.channel,
    status: filters.status,
    project_id: filters.project,
    config_id: filters.callback,
    destination_id: filters.destination,
    digest_id: filters.digest,
    event_id: filters.event,
    since: sinceOf(filters.span, now),
  };
}

export function isNarrowed(filters: DeliveryFilters): boolean {
  return Object.keys(addressOf({ ...filters, page: 1 })).length > 0;
}

/** Which of the filters that only links set are set. */
export function linkedOf(filters: DeliveryFilters): (typeof LINKED)[number][] {
  return LINKED.filter((name) => filters[name] !== null);
}
