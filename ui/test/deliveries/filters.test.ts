// Which deliveries are asked for.

import { expect, it } from "vitest";
import {
  addressOf,
  callOf,
  filtersOf,
  isNarrowed,
  linkedOf,
  NO_FILTERS,
} from "@/deliveries/filters.ts";

const NOW = Date.parse("2026-01-01T12:00:30Z");

it("reads an address and writes the same one", () => {
  const said = {
    ...{ task: "task-1", type: "canary_*", channel: "feishu", status: "failed", project: "shop" },
    ...{ since: "1h", callback: "c1", destination: "x1", digest: "d9", event: "e1", page: "3" },
  };

  expect(addressOf(filtersOf(said))).toEqual(said);
  expect(linkedOf(filtersOf(said))).toEqual(["callback", "destination", "digest", "event"]);
});

it("takes what makes no sense as absent", () => {
  expect(filtersOf({ status: "odd", since: "ever", page: "-1" })).toEqual(NO_FILTERS);
});

it("asks the API in its own words", () => {
  const call = callOf(filtersOf({ task: "t", status: "pending", since: "1h", callback: "c1" }), NOW);

  expect(call).toMatchObject({
    ...{ task_id: "t", status: "pending", config_id: "c1", page: 1 },
    since: "2026-01-01T11:00:00.000Z",
  });
});

it("is not narrowed by a page", () => {
  expect(isNarrowed(filtersOf({ page: "2" }))).toBe(false);
  expect(isNarrowed(filtersOf({ task: "t" }))).toBe(true);
});
