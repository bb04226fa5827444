// How a terminal writes: what escape sequences set, as far as the viewer shows it. Pure.

/** A colour of the terminal's 256, or a true one, as `rgb` gives it. */
export type Colour = number;

export interface Pen {
  readonly fg: Colour | null;
  readonly bg: Colour | null;
  readonly isBold: boolean;
  readonly isDim: boolean;
  readonly isItalic: boolean;
  readonly isUnderlined: boolean;
  readonly isStruck: boolean;
  readonly isInverse: boolean;
  /** Where a link leads: http or https only. */
  readonly href: string | null;
  /** A control character, shown as a picture of itself. */
  readonly isControl: boolean;
}

export const PLAIN: Pen = {
  fg: null,
  bg: null,
  isBold: false,
  isDim: false,
  isItalic: false,
  isUnderlined: false,
  isStruck: false,
  isInverse: false,
  href: null,
  isControl: false,
};

const TRUE_COLOUR = 0x1000000;

/** A true colour; the 256 of the palette are their own numbers. */
export function rgb(red: number, green: number, blue: number): Colour {
  return TRUE_COLOUR | (red << 16) | (green << 8) | blue;
}

export function isTrueColour(colour: Colour): boolean {
  return colour >= TRUE_COLOUR;
}

const SWITCHES: Readonly<Record<number, Partial<Pen>>> = {
  1: { isBold: true },
  2: { isDim: true },
  3: { isItalic: true },
  4: { isUnderlined: true },
  7: { isInverse: true },
  9: { isStruck: true },
  21: { isUnderlined: true },
  22: { isBold: false, isDim: false },
  23: { isItalic: false },
  24: { isUnderlined: false },
  27: { isInverse: false },
  29: { isStruck: false },
  39: { fg: null },
  49: { bg: null },
};

/** The pen after `ESC [ said m` (ECMA-48, 8.3.117; colours as in ITU T.416). */
export function turned(pen: Pen, said: string): Pen {
  let now = pen;
  const codes = said.split(";");
  for (let at = 0; at < codes.length; at += 1) {
    const [first = "", ...parts] = (codes[at] as string).split(":");
    const code = first === "" ? 0 : Number(first);
    if (code === 38 || code === 48) {
      const [colour, used] = parts.length > 0 ? [ofParts(parts), 0] : ofCodes(codes.slice(at + 1));
      at += used;
      now = colour === null ? now : { ...now, [code === 38 ? "fg" : "bg"]: colour };
    } else {
      now = switched(now, code, parts[0] === "0");
    }
  }
  return now;
}

function switched(pen: Pen, code: number, isOff: boolean): Pen {
  if (code === 0) {
    return { ...PLAIN, href: pen.href };
  }
  if (code === 4 && isOff) {
    return { ...pen, isUnderlined: false };
  }
  const change = SWITCHES[code];
  if (change !== undefined) {
    return { ...pen, ...change };
  }
  const [tens, unit] = [Math.floor(code / 10), code % 10];
  if (unit > 7) {
    return pen;
  }
  switch (tens) {
    case 3:
      return { ...pen, fg: unit };
    case 4:
      return { ...pen, bg: unit };
    case 9:
      return { ...pen, fg: unit + 8 };
    case 10:
      return { ...pen, bg: unit + 8 };
    default:
      return pen;
  }
}

/** `5;n` or `2;r;g;b`, and how many codes it took. */
function ofCodes(codes: readonly string[]): [Colour | null, number] {
  if (codes[0] === "5") {
    return [byte(codes[1]), 2];
  }
  if (codes[0] === "2") {
    return [ofBytes(codes.slice(1, 4)), 4];
  }
  return [null, 0];
}

/** `5:n`, `2:r:g:b`, or `2:space:r:g:b`. */
function ofParts(parts: readonly string[]): Colour | null {
  if (parts[0] === "5") {
    return byte(parts[1]);
  }
  return parts[0] === "2" ? ofBytes(parts.length > 4 ? parts.slice(2, 5) : parts.slice(1)) : null;
}

function ofBytes(said: readonly string[]): Colour | null {
  const [red, green, blue] = [byte(said[0]), byte(said[1]), byte(said[2])];
  return red === null || green === null || blue === null ? null : rgb(red, green, blue);
}

function byte(said: string | undefined): number | null {
  const value = said === undefined || said === "" ? Number.NaN : Number(said);
  return Number.isInteger(value) && value >= 0 && value <= 255 ? value : null;
}
