// Long ids, cut in the middle.

import { expect, it } from "vitest";
import { shortCommit, shorten } from "@/parts/shorten.ts";

it("leaves alone what is short enough", () => {
  expect(shorten("1234567890", 10)).toBe("1234567890");
});

it("keeps begin and end of what is long, the end longest", () => {
  expect(shorten("github-actions-8823019273-attempt-2", 12)).toBe("gith…tempt-2");
});

it("cuts no letter in two", () => {
  expect(shorten("🚀🚀🚀🚀🚀🚀🚀🚀", 5)).toBe("🚀…🚀🚀🚀");
});

it.each([
  ["95d36c7f0a1b2c3d4e5f60718293a4b5c6d7e8f9", "95d36c7"],
  ["95d36c7", "95d36c7"],
  ["r1234", "r1234"],
  ["release-candidate-of-today", "rele…f-today"],
])("writes the commit %s as %s", (hash, told) => {
  expect(shortCommit(hash)).toBe(told);
});
