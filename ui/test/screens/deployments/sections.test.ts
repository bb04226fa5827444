// The groups of the front page: each deployment in one of them, and once.

import { describe, expect, it } from "vitest";
import { NO_FILTERS } from "@/screens/deployments/filters.ts";
import { hold, keyOf, reusing, sectionsOf, wantedFor, withHeld } from "@/screens/deployments/sections.ts";
import { deployment, page } from "./deployments.ts";

const NOW = Date.parse("2026-01-02T12:00:00Z");
const WANTED = wantedFor({ ...NO_FILTERS, projects: ["shop"], span: "24h" }, NOW);

const numbered = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => deployment({ id: `${from + index}` }));
const ids = (sections: readonly { rows: readonly { id: string }[] }[]) =>
  sections.map(({ rows }) => rows.map((row) => row.id));

describe("what is read", () => {
  it("splits all deployments three ways, with the same filters", () => {
    const common = { project: ["shop"], since: "2026-01-01T12:00:00.000Z" };

    expect(WANTED.map(({ name }) => name)).toEqual(["attention", "underway", "lately"]);
    expect(WANTED[0]?.query).toMatchObject({ ...common, attention: true, status: [] });
    expect(WANTED[1]?.query).toMatchObject({
      ...common,
      attention: false,
      status: ["pending", "running"],
    });
    expect(WANTED[2]?.query).toMatchObject({
      ...common,
      attention: false,
      status: ["success", "failed", "cancelled"],
    });
  });

  it("is one list of what is asked for", () => {
    const wanted = wantedFor({ ...NO_FILTERS, statuses: ["failed"], behind: "there" }, NOW);

    expect(wanted.map(({ name }) => name)).toEqual(["found"]);
    expect(wanted[0]?.query).toMatchObject({ status: ["failed"], cursor: "there", limit: 50 });
    expect(wanted[0]?.query["attention"]).toBeNull();
  });
});

describe("what stands in the groups", () => {
  it("shows 20 that need a look, and says how many there are", () => {
    const [attention] = sectionsOf(WANTED, [page(numbered(37)), page([]), page([])]);

    expect(attention?.rows).toHaveLength(20);
    expect(attention?.total).toBe(37);
  });

  it("does not say how many there are when it has not read them all", () => {
    const [attention, , lately] = sectionsOf(WANTED, [
      page(numbered(100), "more"),
      page([]),
      page([deployment()], "more"),
    ]);

    expect(attention?.total).toBeNull();
    expect(lately).toMatchObject({ total: null, next: "more" });
  });

  it("has one that moved between two readings where it was met last", () => {
    const before = deployment({ id: "1", status: "running", seq: 4 });
    const after = deployment({ id: "1", status: "success", seq: 5 });

    expect(ids(sectionsOf(WANTED, [page([]), page([before]), page([after])]))).toEqual([[], [], ["1"]]);
    expect(ids(sectionsOf(WANTED, [page([after]), page([before]), page([])]))).toEqual([["1"], [], []]);
  });

  it("shows one met twice alike but once", () => {
    const same = { id: "1", seq: 4 };

    const sections = sectionsOf(WANTED, [page([deployment(same)]), page([deployment(same)]), page([])]);

    expect(ids(sections).flat()).toEqual(["1"]);
  });

  it("tells the same id of two projects apart", () => {
    const both = [deployment({ project: "a", id: "1" }), deployment({ project: "b", id: "1" })];

    expect(ids(sectionsOf(WANTED, [page([]), page([]), page(both)])).flat()).toEqual(["1", "1"]);
    expect(keyOf({ project: "a", id: "b/c" })).not.toBe(keyOf({ project: "a/b", id: "c" }));
  });
});

it("takes over the rows that look the same, and no others", () => {
  const read = (...rows: Parameters<typeof deployment>[0][]) =>
    sectionsOf(WANTED, [page([]), page([]), page(rows.map((row) => deployment(row)))]);
  const before = read({ id: "1", seq: 1 }, { id: "2", seq: 2 }, { id: "3", seq: 3 });

  const now = read({ id: "1", seq: 1 }, { id: "2", seq: 5 }, { id: "3", seq: 3, stalled: true });

  const same = reusing(now, before)[2]?.rows.map((row, index) => row === before[2]?.rows[index]);
  expect(same).toEqual([true, false, false]);
});

describe("while somebody reads further down", () => {
  const first = sectionsOf(WANTED, [
    page([]),
    page([deployment({ id: "1", status: "running", progress: 10, seq: 1 })]),
    page(numbered(2, 10)),
  ]);

  it("rows change where they stand and new ones are counted", () => {
    const next = sectionsOf(WANTED, [
      page([]),
      page([
        deployment({ id: "2", status: "running", seq: 5 }),
        deployment({ id: "1", status: "running", progress: 60, seq: 4 }),
      ]),
      page([...numbered(1, 20), ...numbered(2, 10)]),
    ]);

    const { sections, unseen } = withHeld(next, hold(first));

    expect(ids(sections)).toEqual([[], ["1"], ["10", "11"]]);
    expect(sections[1]?.rows[0]?.progress).toBe(60);
    expect(unseen).toBe(2);
  });

  it("one that moves to another group stays, as it looks now", () => {
    const failed = deployment({ id: "1", status: "failed", seq: 4 });
    const next = sectionsOf(WANTED, [page([failed]), page([]), page(numbered(2, 10))]);

    const { sections, unseen } = withHeld(next, hold(first));

    expect(ids(sections)).toEqual([[], ["1"], ["10", "11"]]);
    expect(sections[1]?.rows[0]?.status).toBe("failed");
    expect(unseen).toBe(0);
  });

  it("one that is no longer read stays as it was seen last", () => {
    const next = sectionsOf(WANTED, [page([]), page([]), page(numbered(1, 10))]);

    const { sections } = withHeld(next, hold(first));

    expect(ids(sections)).toEqual([[], ["1"], ["10", "11"]]);
  });
});
