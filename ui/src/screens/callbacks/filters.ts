// Which callbacks are asked for: read from the address, written into it, put to the API. Pure.

import type { LocationQuery, LocationQueryRaw } from "vue-router";
import type { Query } from "@/api/call.ts";
import { valueOf } from "@/surroundings/address-values.ts";

export interface CallbackFilters {
  text: string;
  project: string | null;
  channel: string | null;
}

export const NO_FILTERS: CallbackFilters = { text: "", project: null, channel: null };

export function filtersOf(said: LocationQuery): CallbackFilters {
  return {
    text: valueOf(said, "q"),
    project: valueOf(said, "project") || null,
    channel: valueOf(said, "channel") || null,
  };
}

/** The other way: what goes into the address. */
export function addressOf({ text, project, channel }: CallbackFilters): LocationQueryRaw {
  return {
    ...(text !== "" && { q: text }),
    ...(project !== null && { project }),
    ...(channel !== null && { channel }),
  };
}

export function callOf({ text, project, channel }: CallbackFilters): Query {
  return { q: text, project_id: project, channel };
}

export function isNarrowed(filters: CallbackFilters): boolean {
  return Object.keys(addressOf(filters)).length > 0;
}
