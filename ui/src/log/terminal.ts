// A log line as a terminal would show it: pieces of text, each written with one pen. Pure.
//
// Colours, links and overwriting are followed; every other escape sequence is left out, and what
// is left of control characters is shown as a picture. Each line starts plain, so that a window
// of a million lines looks alike wherever it begins.

import { PLAIN, type Pen, turned } from "@/log/pen.ts";

export interface Piece {
  text: string;
  pen: Pen;
}

// What makes a line more than its text. Marks that turn the direction of writing count as well:
// they can make a line read as another one.
const TURNS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069";
const SPECIAL = new RegExp(`[\\x00-\\x08\\x0a-\\x1f\\x7f-\\x9f${TURNS}]`);
// Strings first (links, titles …), then control sequences, then the short ones. A string without
// an end ends with its line.
const STRING_END = "(?:\\x07|\\x1b\\\\|\\x9c|(?=\\x1b)|$)";
const TOKEN = new RegExp(
  [
    `(?:\\x1b\\]|\\x9d)(?<osc>[^\\x07\\x1b\\x9c]*)${STRING_END}`,
    `(?:\\x1b[PX^_]|[\\x90\\x98\\x9e\\x9f])[^\\x07\\x1b\\x9c]*${STRING_END}`,
    "(?:\\x1b\\[|\\x9b)(?<csi>[0-?]*[ -/]*(?:[@-~]|$))",
    "\\x1b[ -/]*[0-~]?",
    "(?<move>[\\r\\x08])",
    `(?<other>[\\x00-\\x07\\x0a-\\x1f\\x7f-\\x9f${TURNS}])`,
  ].join("|"),
  "g",
);
const OVERWRITES = /[\r\x08]|(?:\x1b\[|\x9b)2K/;
const LINK = /^8;[^;]*;(.*)$/;
const WEB = /^https?:\/\/[^\s]/i;

/** The pieces of one line, in time proportional to its length. */
export function piecesOf(text: string): Piece[] {
  if (!SPECIAL.test(text)) {
    return text === "" ? [] : [{ text, pen: PLAIN }];
  }
  const sheet = OVERWRITES.test(text) ? new Cells() : new Strip();
  let pen = PLAIN;
  let at = 0;
  for (const token of text.matchAll(TOKEN)) {
    sheet.write(text.slice(at, token.index), pen);
    at = token.index + token[0].length;
    const { osc, csi, move, other } = token.groups as Record<string, string | undefined>;
    if (csi !== undefined) {
      pen = csi.endsWith("m") && !/[<=>? ]/.test(csi) ? turned(pen, csi.slice(0, -1)) : pen;
      sheet.erase(csi);
    } else if (osc !== undefined) {
      pen = linked(pen, osc);
    } else if (move !== undefined) {
      sheet.move(move);
    } else if (other !== undefined) {
      sheet.write(picture(other), { ...pen, isControl: true });
    }
  }
  sheet.write(text.slice(at), pen);
  return sheet.pieces();
}

/** The text alone. */
export function plainOf(pieces: readonly Piece[]): string {
  return pieces.map((piece) => piece.text).join("");
}

/** The first so many characters of it. */
export function cutTo(pieces: readonly Piece[], chars: number): readonly Piece[] {
  let left = chars;
  const done: Piece[] = [];
  for (const { text, pen } of pieces) {
    if (text.length >= left) {
      // A character of two halves stays whole.
      const isHalved = /[\ud800-\udbff]$/.test(text.slice(0, left));
      return [...done, { text: text.slice(0, isHalved ? left + 1 : left), pen }];
    }
    done.push({ text, pen });
    left -= text.length;
  }
  return pieces;
}

function linked(pen: Pen, said: string): Pen {
  const found = LINK.exec(said);
  if (found === null) {
    return pen;
  }
  const href = found[1] as string;
  return { ...pen, href: WEB.test(href) && URL.canParse(href) ? href : null };
}

/** How programmers write a control character; fonts rarely have the pictures of them. */
export function picture(character: string): string {
  const code = character.codePointAt(0) as number;
  const [letter, digits] = code < 0x100 ? ["x", 2] : ["u", 4];
  return `\\${letter}${code.toString(16).padStart(digits as number, "0")}`;
}

/** What is never written over: pieces one after the other. */
class Strip {
  readonly #pieces: Piece[] = [];

  write(text: string, pen: Pen): void {
    if (text !== "") {
      const last = this.#pieces.at(-1);
      if (last?.pen === pen) {
        last.text += text;
      } else {
        this.#pieces.push({ text, pen });
      }
    }
  }

  move(_character: string): void {}

  erase(_csi: string): void {}

  pieces(): Piece[] {
    return this.#pieces;
  }
}

/** What is written over, as by a progress bar: one cell a character. */
class Cells {
  readonly #cells: Piece[] = [];
  #column = 0;

  write(text: string, pen: Pen): void {
    for (const character of text) {
      // What erasing has cut off before the column was blank.
      while (this.#cells.length < this.#column) {
        this.#cells.push({ text: " ", pen: PLAIN });
      }
      this.#cells[this.#column] = { text: character, pen };
      this.#column += 1;
    }
  }

  move(character: string): void {
    this.#column = character === "\r" ? 0 : Math.max(0, this.#column - 1);
  }

  erase(csi: string): void {
    if (csi === "K" || csi === "0K") {
      this.#cells.length = Math.min(this.#cells.length, this.#column);
    } else if (csi === "2K") {
      // Who clears a line writes it anew from its begin.
      this.#cells.length = 0;
      this.#column = 0;
    }
  }

  pieces(): Piece[] {
    const strip = new Strip();
    for (const cell of this.#cells) {
      strip.write(cell.text, cell.pen);
    }
    return strip.pieces();
  }
}
