// Senders' own words for how something ended.

import { expect, it } from "vitest";
import { wordKey } from "@/parts/sender-words.ts";

it("has the usual ones in the reader's language, and leaves others as they are", () => {
  expect(wordKey("Timed_Out")).toBe("word.timed_out");
  expect(wordKey("skipped")).toBe("word.skipped");
  expect(wordKey("superseded")).toBeNull();
});
