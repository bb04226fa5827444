// What somebody typed to keep with a training.

import { expect, it } from "vitest";
import { metaOf } from "@/screens/trainings/meta.ts";

it.each([
  ["", {}],
  ['{"user": "42"}', { user: "42" }],
  ["[1]", null],
  ["null", null],
  ["user=42", null],
])("takes %j as %j", (text, meta) => {
  expect(metaOf(text)).toEqual(meta);
});
