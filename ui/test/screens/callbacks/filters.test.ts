// Which callbacks are asked for.

import { expect, it } from "vitest";
import { addressOf, callOf, filtersOf, isNarrowed, NO_FILTERS } from "@/screens/callbacks/filters.ts";

it("reads an address and writes the same one", () => {
  const said = { q: "news", project: "shop", channel: "feishu" };

  expect(addressOf(filtersOf(said))).toEqual(said);
  expect(callOf(filtersOf(said))).toEqual({ q: "news", project_id: "shop", channel: "feishu" });
  expect(isNarrowed(filtersOf(said))).toBe(true);
});

it("turns pages without being narrowed by that", () => {
  const second = filtersOf({ page: "2" });

  expect(addressOf(second)).toEqual({ page: "2" });
  expect(callOf(second)).toEqual({ q: "", project_id: null, channel: null, page: 2 });
  expect(isNarrowed(second)).toBe(false);
  expect(filtersOf({ page: "none" })).toEqual(NO_FILTERS);
});

it("asks for all without any", () => {
  expect(filtersOf({})).toEqual(NO_FILTERS);
  expect(isNarrowed(NO_FILTERS)).toBe(false);
});
