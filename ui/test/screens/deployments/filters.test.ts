// Filters in the address, and the call that they make.

import { describe, expect, it } from "vitest";
import {
  addressOf,
  callOf,
  type Filters,
  filtersOf,
  isNarrowed,
  isOneList,
  NO_FILTERS,
} from "@/screens/deployments/filters.ts";

const ALL: Filters = {
  projects: ["shop", "a/b & c"],
  statuses: ["running", "failed"],
  isStalled: true,
  needsLook: true,
  span: "24h",
  text: "main",
  behind: "abc",
  rows: 150,
};

describe("the address", () => {
  it("says nothing without filters", () => {
    expect(addressOf(NO_FILTERS)).toEqual({});
    expect(filtersOf({})).toEqual(NO_FILTERS);
  });

  it("leads back to the same filters", () => {
    expect(filtersOf(addressOf(ALL) as never)).toEqual(ALL);
  });

  it.each([
    [{ status: "exploded" }],
    [{ since: "3y" }],
    [{ rows: "9999999" }],
    [{ stalled: "yes" }],
    [{ project: [null, ""] }],
    [{ since: "toString" }],
    [{ elsewhere: "x" }],
  ])("passes over what makes no sense in it: %j", (said) => {
    expect(filtersOf(said)).toEqual(NO_FILTERS);
  });

  it("takes a project once, and as many as the API does", () => {
    const many = Array.from({ length: 30 }, (_, index) => `p${index}`);

    expect(filtersOf({ project: ["shop", "shop"] }).projects).toEqual(["shop"]);
    expect(filtersOf({ project: many }).projects).toHaveLength(20);
  });
});

describe("the call", () => {
  const NOW = Date.parse("2026-01-02T12:00:42.123Z");

  it("asks for all there is without filters", () => {
    const asked = Object.values(callOf(NO_FILTERS, NOW)).flat();

    expect(asked.filter((value) => value !== null && value !== "")).toEqual([]);
  });

  it("names each filter as the API does", () => {
    expect(callOf(ALL, NOW)).toEqual({
      project: ["shop", "a/b & c"],
      status: ["running", "failed"],
      stalled: true,
      attention: true,
      since: "2026-01-01T12:00:00.000Z",
      q: "main",
    });
  });

  it("keeps the begin of a span for a minute", () => {
    const filters = { ...NO_FILTERS, span: "1h" } as const;

    expect(callOf(filters, NOW)["since"]).toBe(callOf(filters, NOW + 10_000)["since"]);
  });
});

describe("one list instead of groups", () => {
  it.each([
    [{}, false, false],
    [{ projects: ["shop"] }, true, false],
    [{ span: "1h" }, true, false],
    [{ rows: 150 }, false, false],
    [{ text: "x" }, true, true],
    [{ statuses: ["failed"] }, true, true],
    [{ isStalled: true }, true, true],
    [{ needsLook: true }, true, true],
    [{ behind: "x" }, true, true],
  ] as [Partial<Filters>, boolean, boolean][])("%j", (some, narrowed, oneList) => {
    const filters = { ...NO_FILTERS, ...some };

    expect([isNarrowed(filters), isOneList(filters)]).toEqual([narrowed, oneList]);
  });
});
