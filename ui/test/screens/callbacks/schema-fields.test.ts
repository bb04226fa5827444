// Forms out of JSON schemas.

import { describe, expect, it } from "vitest";
import type { OptionSchema } from "@/api/callback-shapes.ts";
import {
  fieldsOf,
  isMasked,
  isRare,
  isSet,
  linesOf,
  listOf,
  withoutMasked,
  withValue,
} from "@/screens/callbacks/schema-fields.ts";
import { FEISHU } from "./made.ts";

function fieldOf(said: OptionSchema, secrets: string[] = [], $defs = {}) {
  return fieldsOf({ schema: { properties: { one: said }, $defs }, secrets })[0];
}

describe("the control of an option", () => {
  it.each<[string, OptionSchema, string]>([
    ["a text", { type: "string" }, "text"],
    ["a long text", { type: "string", maxLength: 100_000 }, "lines"],
    ["a secret", { type: "string", format: "password" }, "secret"],
    ["a whole number", { type: "integer" }, "number"],
    ["a number or nothing", { anyOf: [{ type: "number" }, { type: "null" }] }, "number"],
    ["yes or no", { type: "boolean" }, "switch"],
    ["one of a few", { type: "string", enum: ["a", "b"] }, "choice"],
    ["a reference", { $ref: "#/$defs/Method" }, "choice"],
    ["a list", { type: "array", items: { type: "string" } }, "list"],
    ["a list of things", { type: "array", items: { type: "object" } }, "json"],
    ["names with values", { type: "object", additionalProperties: { type: "string" } }, "map"],
    ["anything else", { type: "object" }, "json"],
    ["a number or a text", { anyOf: [{ type: "integer" }, { type: "string" }] }, "text"],
  ])("for %s", (_, said, kind) => {
    const defs = { Method: { type: "string", enum: ["POST", "PUT"] } };

    expect(fieldOf(said, [], defs)?.kind).toBe(kind);
  });

  it("is that of a secret where the server says so", () => {
    expect(fieldOf({ type: "string" }, ["one"])?.kind).toBe("secret");
  });
});

it("asks first for what has to be entered", () => {
  expect(fieldsOf(FEISHU).map(({ key }) => key)).toEqual(["webhook_url", "mentions", "at_all"]);
});

it("knows the bounds of a number, however they are written", () => {
  expect(fieldOf({ type: "integer", minimum: 1, maximum: 9 })).toMatchObject({ min: 1, max: 9 });
  expect(fieldOf({ type: "integer", ge: 2, le: 8 })).toMatchObject({ min: 2, max: 8, isWhole: true });
});

it("leaves out what is empty, so that the usual value holds", () => {
  expect(withValue({ a: 1, b: 2 }, "a", "")).toEqual({ b: 2 });
  expect(withValue({ a: 1 }, "a", [])).toEqual({});
  expect(withValue({}, "a", false)).toEqual({ a: false });
});

it("reads and writes lists by line", () => {
  expect(listOf(" a \n\n b", false)).toEqual(["a", "b"]);
  expect(listOf("12\nx", true)).toEqual([12, "x"]);
  expect(linesOf(["a", 2])).toBe("a\n2");
  expect(linesOf(undefined)).toBe("");
});

it("sends nothing masked where it would mean nothing", () => {
  const config = { url: "https://x/••••", headers: { a: "••••" }, method: "PUT" };

  expect(withoutMasked(config)).toEqual({ method: "PUT" });
  expect(isMasked("••••9f3a")).toBe(true);
  expect(isMasked("plain")).toBe(false);
});

describe("what few ask for", () => {
  it("is folded away, but for what has to be entered", () => {
    const rare = fieldsOf(FEISHU).filter(isRare);

    expect(rare.map(({ key }) => key)).toEqual(["mentions", "at_all"]);
    expect(rare.map((field) => isRare({ ...field, isRequired: true }))).toEqual([false, false]);
  });

  it.each([
    [undefined, false, false],
    ["", undefined, false],
    [[], undefined, false],
    [30, 30, false],
    [15, 30, true],
    [true, false, true],
    [["ou_1"], undefined, true],
  ])("is set: %s, where %s is usual: %s", (value, usual, isIt) => {
    const field = { ...fieldOf({ type: "string" })!, usual };

    expect(isSet(field, value)).toBe(isIt);
  });
});
