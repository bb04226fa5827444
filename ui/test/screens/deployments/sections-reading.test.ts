// The groups kept new, without moving what somebody reads.

import { flushPromises, mount } from "@vue/test-utils";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { nextTick, shallowRef } from "vue";
import type { Summary } from "@/api/shapes.ts";
import { type Filters, NO_FILTERS } from "@/screens/deployments/filters.ts";
import { type Sections, useSections } from "@/screens/deployments/sections-reading.ts";
import { keyOf } from "@/screens/deployments/sections.ts";
import { deployment, page } from "./deployments.ts";

let lately: Summary[] = [];
let calls: URL[] = [];

beforeEach(() => {
  lately = [deployment({ id: "1" })];
  calls = [];
  vi.stubGlobal("fetch", (path: string) => {
    const url = new URL(path, "http://localhost");
    calls.push(url);
    const isLately = url.searchParams.getAll("status").includes("success");
    const rows = isLately || url.searchParams.has("q") ? lately : [];
    return Promise.resolve(new Response(JSON.stringify(page(rows))));
  });
});

afterEach(() => {
  scrollTo(0);
  vi.unstubAllGlobals();
});

function scrollTo(y: number): void {
  Object.defineProperty(window, "scrollY", { value: y, configurable: true });
  window.dispatchEvent(new Event("scroll"));
}

async function open(first: Filters = NO_FILTERS) {
  const filters = shallowRef(first);
  let found!: Sections;
  const shown = mount({
    template: "<i />",
    setup() {
      found = useSections(() => filters.value);
    },
  });
  await flushPromises();
  return { filters, found, shown };
}

const ids = (found: Sections) => (found.sections.value ?? []).flatMap(({ rows }) => rows.map((row) => row.id));

async function readAgain(found: Sections): Promise<void> {
  await found.again();
  await nextTick();
}

it("reads the three groups", async () => {
  const { found, shown } = await open();

  expect(calls.map((url) => url.searchParams.get("attention"))).toEqual(["true", "false", "false"]);
  expect(ids(found)).toEqual(["1"]);
  expect(found.fresh.value.size).toBe(0);
  shown.unmount();
});

it("marks what came while one looked on", async () => {
  const { found, shown } = await open();
  const added = deployment({ id: "2" });
  lately = [added, ...lately];

  await readAgain(found);

  expect(ids(found)).toEqual(["2", "1"]);
  expect([...found.fresh.value]).toEqual([keyOf(added)]);
  shown.unmount();
});

it("counts what is new and moves nothing while one reads further down", async () => {
  const { found, shown } = await open();
  scrollTo(900);
  await nextTick();
  lately = [deployment({ id: "2" }), ...lately];

  await readAgain(found);
  expect(ids(found)).toEqual(["1"]);
  expect(found.unseen.value).toBe(1);

  found.release();
  expect(ids(found)).toEqual(["2", "1"]);
  expect(found.unseen.value).toBe(0);
  shown.unmount();
});

it("shows what is new as soon as one is back on top", async () => {
  const { found, shown } = await open();
  scrollTo(900);
  await nextTick();
  lately = [deployment({ id: "2" }), ...lately];
  await readAgain(found);

  scrollTo(0);
  await nextTick();

  expect(ids(found)).toEqual(["2", "1"]);
  shown.unmount();
});

it("keeps the old rows, as old ones, until those for other filters are there", async () => {
  const { filters, found, shown } = await open();
  lately = [deployment({ id: "3" })];

  filters.value = { ...NO_FILTERS, text: "three" };
  await nextTick();
  expect([ids(found), found.isOld.value]).toEqual([["1"], true]);

  await flushPromises();
  expect([ids(found), found.isOld.value]).toEqual([["3"], false]);
  expect(found.fresh.value.size).toBe(0);
  shown.unmount();
});

it("shows other filters' rows at once to who had scrolled down", async () => {
  const { filters, found, shown } = await open();
  scrollTo(900);
  await nextTick();
  lately = [deployment({ id: "3" })];

  filters.value = { ...NO_FILTERS, text: "three" };
  await flushPromises();

  expect(ids(found)).toEqual(["3"]);
  expect(found.unseen.value).toBe(0);
  shown.unmount();
});

it("is back with what stood there before it has read anything", async () => {
  const filters = { ...NO_FILTERS, projects: ["shop"] };
  const { shown } = await open(filters);
  shown.unmount();
  vi.stubGlobal("fetch", () => new Promise(() => undefined));

  const { found, shown: again } = await open(filters);

  expect(ids(found)).toEqual(["1"]);
  again.unmount();
});
