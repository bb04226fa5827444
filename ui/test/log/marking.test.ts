// Marks in the lines in view.

import { describe, expect, it } from "vitest";
import { finderOf, marked } from "@/log/marking.ts";
import { piecesOf } from "@/log/terminal.ts";

const found = (line: string, text: string, isRegex = false, isCase = false): string =>
  marked(piecesOf(line), finderOf({ text, isRegex, isCase }))
    .map((piece) => (piece.isFound ? `<${piece.text}>` : piece.text))
    .join("");

describe("marks", () => {
  it.each([
    ["an error, an Error", "error", false, false, "an <error>, an <Error>"],
    ["an error, an Error", "Error", false, true, "an error, an <Error>"],
    ["a.b*c a+b", "a.b*c", false, false, "<a.b*c> a+b"],
    ["1-2/3", "-2/", false, false, "1<-2/>3"],
    ["пРивет", "ПРИВЕТ", false, false, "<пРивет>"],
    ["x1 x22", "x\\d+", true, false, "<x1> <x22>"],
    ["one two", "\\Aone|two\\z", true, false, "<one> <two>"],
    ["one", "(?i)ONE", true, false, "<one>"],
    ["one", "(", true, false, "one"],
    ["one", "o*", true, false, "<o>ne"],
    ["one", "", false, false, "one"],
    ["er\x1b[31mro\x1b[0mr", "error", false, false, "<er><ro><r>"],
  ])("%j has %j", (line, text, isRegex, isCase, expected) => {
    expect(found(line, text, isRegex, isCase)).toBe(expected);
  });

  it("keep the pens", () => {
    const pieces = marked(
      piecesOf("a\x1b[31mbc"),
      finderOf({ text: "ab", isCase: false, isRegex: false }),
    );

    expect(pieces.map(({ text, pen, isFound }) => [text, pen.fg, isFound])).toEqual([
      ["a", null, true],
      ["b", 1, true],
      ["c", 1, false],
    ]);
  });

  it("are bounded in a line of nothing else", () => {
    expect(found("a".repeat(10_000), "a").split("<").length).toBe(201);
  });
});
