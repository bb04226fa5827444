// Which trainings are asked for: read from the address, written into it, put to the API. Pure.

import type { LocationQuery, LocationQueryRaw } from "vue-router";
import type { Query } from "@/api/call.ts";
import type { TrainingStatus, TrainingType } from "@/api/training-shapes.ts";
import { STATUSES, TYPES } from "@/screens/trainings/trainings.ts";
import { valueOf, valuesOf } from "@/surroundings/address-values.ts";

export interface TrainingFilters {
  statuses: readonly TrainingStatus[];
  types: readonly TrainingType[];
  text: string;
}

export const NO_FILTERS: TrainingFilters = { statuses: [], types: [], text: "" };

/** What an address asks for; what makes no sense in it counts as absent. */
export function filtersOf(said: LocationQuery): TrainingFilters {
  return {
    statuses: STATUSES.filter((one) => valuesOf(said, "status").includes(one)),
    types: TYPES.filter((one) => valuesOf(said, "type").includes(one)),
    text: valueOf(said, "q"),
  };
}

/** The other way: what goes into the address. */
export function addressOf(filters: TrainingFilters): LocationQueryRaw {
  return {
    ...(filters.statuses.length > 0 && { status: [...filters.statuses] }),
    ...(filters.types.length > 0 && { type: [...filters.types] }),
    ...(filters.text !== "" && { q: filters.text }),
  };
}

export function callOf(filters: TrainingFilters): Query {
  return { status: filters.statuses, training_type: filters.types, q: filters.text };
}

export function isNarrowed(filters: TrainingFilters): boolean {
  return Object.keys(addressOf(filters)).length > 0;
}
