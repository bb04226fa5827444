// JSON in tinted pieces.

import { expect, test } from "vitest";
import { indented, piecesOf } from "@/parts/json-pieces.ts";

const VALUE = {
  'na"me': 'te"xt \\ : { } 部署',
  list: [-1.5e3, true, null, "false"],
  empty: {},
};

test("joined the pieces are the text again", () => {
  const text = indented(VALUE);

  expect(piecesOf(text).map((piece) => piece.text).join("")).toBe(text);
});

test("names, texts, numbers and words are told apart", () => {
  const pieces = piecesOf(indented(VALUE)).filter((piece) => piece.kind !== "plain");

  expect(pieces.map((piece) => [piece.kind, piece.text])).toEqual([
    ["name", '"na\\"me"'],
    ["text", '"te\\"xt \\\\ : { } 部署"'],
    ["name", '"list"'],
    ["number", "-1500"],
    ["word", "true"],
    ["word", "null"],
    ["text", '"false"'],
    ["name", '"empty"'],
  ]);
});

test("a huge document is one piece", () => {
  expect(piecesOf(indented(Array.from({ length: 50_000 }, () => 1)))).toHaveLength(1);
});

test("nothing at all is null", () => {
  expect(indented(undefined)).toBe("null");
});
