// What stands in an address behind its "?".

import { expect, test } from "vitest";
import { oneOf, sinceOf, valueOf, valuesOf } from "@/surroundings/address-values.ts";

test("a name may have no value, one, or several, each once", () => {
  const said = { a: ["x", "y", "x", null], b: "z", c: null };

  expect(valuesOf(said, "a")).toEqual(["x", "y"]);
  expect(valueOf(said, "b")).toBe("z");
  expect(valueOf(said, "c")).toBe("");
  expect(valueOf(said, "d")).toBe("");
});

test("a value that is none of the allowed ones counts as absent", () => {
  expect(oneOf({ outcome: "stored" }, "outcome", ["stored", "rejected"])).toBe("stored");
  expect(oneOf({ outcome: "toString" }, "outcome", ["stored", "rejected"])).toBeNull();
});

test("a span begins with its minute, so that it stays a while", () => {
  const at = (text: string) => sinceOf("1h", Date.parse(text));

  expect(at("2026-01-01T12:30:01Z")).toBe("2026-01-01T11:30:00.000Z");
  expect(at("2026-01-01T12:30:59Z")).toBe(at("2026-01-01T12:30:01Z"));
  expect(sinceOf(null, 0)).toBeNull();
});
