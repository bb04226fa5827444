// Which callbacks are asked for: read from the address, written into it, put to the API. Pure.

import type { LocationQuery, LocationQueryRaw } from "vue-router";
import type { Query } from "@/api/call.ts";
import { valueOf } from "@/surroundings/address-values.ts";

export interface CallbackFilters {
  text: string;
  project: string | null;
  channel: string | null;
  /** From 1. */
  page: number;
}

export const NO_FILTERS: CallbackFilters = { text: "", project: null, channel: null, page: 1 };

export function filtersOf(said: LocationQuery): CallbackFilters {
  const page = Number(valueOf(said, "page"));
  return {
    text: valueOf(said, "q"),
    project: valueOf(said, "project") || null,
    channel: valueOf(said, "channel") || null,
    page: Number.isInteger(page) && page > 0 ? page : 1,
  };
}

/** The other way: what goes into the address. */
export function addressOf({ text, project, channel, page }: CallbackFilters): LocationQueryRaw {
  return {
    ...(text !== "" && { q: text }),
    ...(project !== null && { project }),
    ...(channel !== null && { channel }),
    ...(page > 1 && { page: String(page) }),
  };
}

export function callOf({ text, project, channel, page }: CallbackFilters): Query {
  return { q: text, project_id: project, channel, ...(page > 1 && { page }) };
}

export function isNarrowed(filters: CallbackFilters): boolean {
  return Object.keys(addressOf({ ...filters, page: 1 })).length > 0;
}
