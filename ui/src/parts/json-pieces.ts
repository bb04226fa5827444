// JSON as indented text, cut into pieces by what they are, to be tinted. Pure.

export type PieceKind = "plain" | "name" | "text" | "number" | "word";

export interface Piece {
  kind: PieceKind;
  text: string;
}

// Tens of thousands of pieces would make the page slow; so much nobody reads by its colours.
const MOST_CHARS = 100_000;
const TOKEN =
  /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b/g;

export function indented(value: unknown): string {
  return JSON.stringify(value, null, 2) ?? "null";
}

/** The pieces of `text`, which is JSON; joined they are the text again. */
export function piecesOf(text: string): Piece[] {
  if (text.length > MOST_CHARS) {
    return [{ kind: "plain", text }];
  }
  const pieces: Piece[] = [];
  let at = 0;
  for (const found of text.matchAll(TOKEN)) {
    if (found.index > at) {
      pieces.push({ kind: "plain", text: text.slice(at, found.index) });
    }
    const [whole, quoted, colon] = found;
    if (quoted !== undefined && colon !== undefined) {
      pieces.push({ kind: "name", text: quoted }, { kind: "plain", text: colon });
    } else {
      pieces.push({ kind: quoted === undefined ? scalarKind(whole) : "text", text: whole });
    }
    at = found.index + whole.length;
  }
  if (at < text.length) {
    pieces.push({ kind: "plain", text: text.slice(at) });
  }
  return pieces;
}

function scalarKind(text: string): PieceKind {
  return /^[-\d]/.test(text) ? "number" : "word";
}
