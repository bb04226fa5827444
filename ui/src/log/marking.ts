// Where the pattern stands in the lines in view, so that it can be marked there. Pure.
//
// The server says which lines match; this repeats it in what is seen of a line. JavaScript's
// regular expressions differ in rare things: what cannot be read here is not marked.

import type { Pattern } from "@/log/scope.ts";
import { type Piece, plainOf } from "@/log/terminal.ts";

export interface MarkedPiece extends Piece {
  isFound: boolean;
}

// A pattern may take long on a long line, and nobody sees more of it.
const MOST_CHARS = 4_000;
const MOST_MARKS = 200;

/** What finds the pattern in a line; null when nothing is to be found. */
export function finderOf({ text, isCase, isRegex }: Pattern): RegExp | null {
  if (text === "") {
    return null;
  }
  const source = isRegex ? ofServer(text) : text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
  try {
    return new RegExp(isRegex ? source : source.replace(/\\-/g, "-"), isCase ? "gu" : "giu");
  } catch {
    return null;
  }
}

/** The pieces, cut where matches begin and end. */
export function marked(pieces: readonly Piece[], finder: RegExp | null): MarkedPiece[] {
  const spans = finder === null ? [] : spansOf(plainOf(pieces).slice(0, MOST_CHARS), finder);
  if (spans.length === 0) {
    return pieces.map((piece) => ({ ...piece, isFound: false }));
  }
  const cuts = [...new Set(spans.flat())];
  const done: MarkedPiece[] = [];
  let at = 0;
  for (const { text, pen } of pieces) {
    const end = at + text.length;
    const inside = cuts.filter((cut) => cut > at && cut < end);
    for (const [from, to] of pairs([at, ...inside, end])) {
      const isFound = spans.some(([begin, stop]) => begin <= from && to <= stop);
      done.push({ text: text.slice(from - at, to - at), pen, isFound });
    }
    at = end;
  }
  return done;
}

function spansOf(text: string, finder: RegExp): [number, number][] {
  const spans: [number, number][] = [];
  for (const found of text.matchAll(finder)) {
    if (found[0] !== "") {
      spans.push([found.index, found.index + found[0].length]);
    }
    if (spans.length === MOST_MARKS) {
      break;
    }
  }
  return spans;
}

function pairs(cuts: readonly number[]): [number, number][] {
  return cuts.slice(1).map((cut, at) => [cuts[at] as number, cut]);
}

/** RE2's ends of a text, and flags for the whole pattern, as JavaScript writes them. */
function ofServer(text: string): string {
  return text
    .replace(/^\(\?[ims]+\)/, "")
    .replace(/\\(.)/gs, (whole, one: string) => ({ A: "^", z: "$" })[one] ?? whole);
}
