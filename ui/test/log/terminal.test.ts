// What a terminal would show of a line: colours, links, overwriting, and nothing that deceives.

import { describe, expect, it } from "vitest";
import { type Pen, PLAIN, rgb } from "@/log/pen.ts";
import { cutTo, piecesOf, plainOf } from "@/log/terminal.ts";

const pens = (text: string): [string, Partial<Pen>][] =>
  piecesOf(text).map(({ text: said, pen }) => [
    said,
    Object.fromEntries(
      Object.entries(pen).filter(([name, value]) => value !== PLAIN[name as keyof Pen]),
    ),
  ]);

describe("colours and styles", () => {
  it.each<[string, [string, Partial<Pen>][]]>([
    ["plain", [["plain", {}]]],
    ["", []],
    ["\x1b[31mred\x1b[0m off", [["red", { fg: 1 }], [" off", {}]]],
    ["\x1b[mnothing", [["nothing", {}]]],
    ["\x1b[1;3;4mthree", [["three", { isBold: true, isItalic: true, isUnderlined: true }]]],
    ["\x1b[7;9mtwo", [["two", { isInverse: true, isStruck: true }]]],
    ["\x1b[1;2mA\x1b[22mB", [["A", { isBold: true, isDim: true }], ["B", {}]]],
    ["\x1b[93;104mbright", [["bright", { fg: 11, bg: 12 }]]],
    ["\x1b[38;5;208mpalette", [["palette", { fg: 208 }]]],
    ["\x1b[38;2;1;2;3;1mtrue", [["true", { fg: rgb(1, 2, 3), isBold: true }]]],
    ["\x1b[48:2::9:8:7mtrue", [["true", { bg: rgb(9, 8, 7) }]]],
    ["\x1b[38:5:20mparts", [["parts", { fg: 20 }]]],
    ["\x1b[4:3mA\x1b[4:0mB", [["A", { isUnderlined: true }], ["B", {}]]],
    ["\x1b[31;42mA\x1b[39;49mB", [["A", { fg: 1, bg: 2 }], ["B", {}]]],
    ["\x1b[38;5;999mwrong", [["wrong", {}]]],
    ["\x1b[38;2;1mshort", [["short", {}]]],
    ["\x1b[99;38;200mother", [["other", {}]]],
  ])("%j", (text, expected) => {
    expect(pens(text)).toEqual(expected);
  });
});

describe("what is left out", () => {
  it.each([
    ["\x1b[2J\x1b[10;5Hhome", "home"],
    ["\x1b]0;a title\x07text", "text"],
    ["\x1b]0;a title\x1b\\text", "text"],
    ["\x1bPq#0;2;0;0;0\x1b\\sixel", "sixel"],
    ["\x1b(Bascii", "ascii"],
    ["\x1b[?25lhidden cursor", "hidden cursor"],
    ["cut \x1b[3", "cut "],
    ["open \x1b]8;;https://x", "open "],
    ["tab\tstays", "tab\tstays"],
    ["\x9b31mC1", "C1"],
  ])("%j", (text, expected) => {
    expect(plainOf(piecesOf(text))).toBe(expected);
  });

  it("takes time in proportion to the length", () => {
    const begun = performance.now();
    piecesOf(`${"\x1b]8;;".repeat(50_000)}\x1b[${"3;".repeat(100_000)}`);

    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});

describe("links", () => {
  it.each([
    ["https://example.org/a?b=c", "https://example.org/a?b=c"],
    ["HTTP://example.org", "HTTP://example.org"],
    ["javascript:alert(1)", undefined],
    ["java\tscript:alert(1)", undefined],
    ["file:///etc/passwd", undefined],
    ["//example.org", undefined],
    ["https://", undefined],
  ])("%s", (address, expected) => {
    const [first] = pens(`\x1b]8;id=1;${address}\x1b\\here\x1b]8;;\x1b\\`);

    expect([first?.[0], first?.[1].href]).toEqual(["here", expected]);
  });

  it("end where they are closed, whatever colours do meanwhile", () => {
    expect(pens("\x1b]8;;http://a.b\x07\x1b[31mA\x1b[0mB\x1b]8;;\x07C")).toEqual([
      ["A", { fg: 1, href: "http://a.b" }],
      ["B", { href: "http://a.b" }],
      ["C", {}],
    ]);
  });
});

describe("overwriting", () => {
  it.each([
    ["10%\r50%\r100%", "100%"],
    ["Loading…\rDone", "Doneing…"],
    ["Loading…\r\x1b[KDone", "Done"],
    ["half\x1b[2Kwhole", "whole"],
    ["at its end\r", "at its end"],
    ["spin |\b/\b-", "spin -"],
    ["\b\bbegin", "begin"],
    ["😀x\rab", "ab"],
  ])("%j", (text, expected) => {
    expect(plainOf(piecesOf(text))).toBe(expected);
  });

  it("keeps the colour of what stays", () => {
    expect(pens("\x1b[31mred!\r\x1b[32mgr")).toEqual([
      ["gr", { fg: 2 }],
      ["d!", { fg: 1 }],
    ]);
  });
});

describe("control characters", () => {
  it.each([
    ["bell\x07", "bell\\x07"],
    ["del\x7f", "del\\x7f"],
    ["c1\x85", "c1\\x85"],
    ["evil\u202etxt.exe", "evil\\u202etxt.exe"],
  ])("are shown: %j", (text, expected) => {
    const pieces = piecesOf(text);

    expect(plainOf(pieces)).toBe(expected);
    expect(pieces.some((piece) => piece.pen.isControl)).toBe(true);
  });
});

describe("cutting", () => {
  it("keeps what fits, and characters whole", () => {
    const pieces = piecesOf("ab\x1b[1mcd😀ef");

    expect(plainOf(cutTo(pieces, 3))).toBe("abc");
    expect(plainOf(cutTo(pieces, 5))).toBe("abcd😀");
    expect(plainOf(cutTo(pieces, 99))).toBe("abcd😀ef");
  });
});
