// What the fields of a filter bar have in common.

import { expect, it } from "vitest";
import { ref } from "vue";
import { namedOptions, useFilterFields } from "@/parts/filter-fields.ts";

interface Filters {
  text: string;
  span: "1h" | "24h" | null;
  behind: string | null;
}

function filters(said: Partial<Filters> = {}) {
  return ref<Filters>({ text: "", span: null, behind: null, ...said });
}

it("changes one part and leaves the others", () => {
  const all = filters({ span: "1h" });
  const text = useFilterFields(all).field("text");

  text.value = "main";

  expect(all.value).toEqual({ text: "main", span: "1h", behind: null });
  expect(text.value).toBe("main");
});

it("forgets with each change what means nothing in another list", () => {
  const all = filters({ behind: "c9" });
  const { change } = useFilterFields(all, { behind: null });

  change({ text: "x" });

  expect(all.value.behind).toBeNull();
});

it("gives a choice of one or none as a list", () => {
  const all = filters({ span: "1h" });
  const span = useFilterFields(all).choice("span");
  expect(span.value).toEqual(["1h"]);

  span.value = [];

  expect(all.value.span).toBeNull();
  expect(span.value).toEqual([]);
});

it("lists names by the alphabet, each once", () => {
  expect(namedOptions(["shop", "", "api", "shop"]).map(({ text }) => text)).toEqual(["api", "shop"]);
});
