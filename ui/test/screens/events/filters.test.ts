// Filters of the events between the address and the API.

import { expect, test } from "vitest";
import {
  addressOf,
  callOf,
  filtersOf,
  isNarrowed,
  NO_FILTERS,
} from "@/screens/events/filters.ts";

const ALL = {
  sources: ["deployment", "github"],
  projects: ["shop"],
  type: "step_*",
  subject: "42",
  span: "1h",
  until: "2026-01-01T12:00:00.000Z",
} as const;

test("what goes into the address comes out of it", () => {
  expect(filtersOf(addressOf(ALL) as never)).toEqual(ALL);
  expect(addressOf(NO_FILTERS)).toEqual({});
});

test("what makes no sense in an address counts as absent", () => {
  expect(filtersOf({ since: "never", until: "soon", type: null, event: "7" })).toEqual(NO_FILTERS);
});

test("a span becomes the beginning of a minute, so that it stays for one", () => {
  const now = Date.parse("2026-01-01T13:00:59.900Z");

  expect(callOf(ALL, now)).toEqual({
    source: ALL.sources,
    project: ALL.projects,
    type: "step_*",
    subject: "42",
    since: "2026-01-01T12:00:00.000Z",
    until: ALL.until,
  });
});

test("any filter narrows", () => {
  expect(isNarrowed(NO_FILTERS)).toBe(false);
  expect(isNarrowed({ ...NO_FILTERS, subject: "42" })).toBe(true);
});
