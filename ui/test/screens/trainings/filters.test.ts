// Filters of the trainings between the address and the API.

import { expect, test } from "vitest";
import {
  addressOf,
  callOf,
  filtersOf,
  isNarrowed,
  NO_FILTERS,
} from "@/screens/trainings/filters.ts";

const ALL = { statuses: ["completed", "error"], types: ["style"], text: "abc" } as const;

test("what goes into the address comes out of it", () => {
  expect(filtersOf(addressOf(ALL) as never)).toEqual(ALL);
  expect(addressOf(NO_FILTERS)).toEqual({});
});

test("what makes no sense in an address counts as absent", () => {
  expect(filtersOf({ status: "happy", type: ["x", null] })).toEqual(NO_FILTERS);
});

test("the API is asked in its own words", () => {
  expect(callOf(ALL)).toEqual({
    status: ["completed", "error"],
    training_type: ["style"],
    q: "abc",
  });
  expect(isNarrowed(ALL)).toBe(true);
  expect(isNarrowed(NO_FILTERS)).toBe(false);
});
