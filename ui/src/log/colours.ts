// The terminal's colours on our grounds, made readable where the sender thought of another. Pure.

import { type Colour, isTrueColour, type Pen } from "@/log/pen.ts";

export type Rgb = readonly [number, number, number];

export interface Look {
  classes: string;
  style: Record<string, string> | undefined;
}

/**
 * `--log-ground` and `--text` of `styles/tokens.css` and `--log-chosen` of `terminal.css`, as
 * numbers to reckon with. What can be read where a line is tinted can be read where it is not.
 */
export const GROUNDS: Record<"light" | "dark", { ground: Rgb; chosen: Rgb; text: Rgb }> = {
  light: { ground: [0xfc, 0xfc, 0xfa], chosen: [0xe8, 0xeb, 0xfa], text: [0x1a, 0x1e, 0x24] },
  dark: { ground: [0x0c, 0x0e, 0x12], chosen: [0x1c, 0x21, 0x36], text: [0xe6, 0xe8, 0xec] },
};

const ENOUGH = 4.5;
const MOST_LOOKS = 2_000;
const NAMED = 16;
// xterm's first sixteen, for grounds; as writing they are the variables of `terminal.css`.
const SIXTEEN: readonly Rgb[] = [
  [0, 0, 0],
  [205, 0, 0],
  [0, 205, 0],
  [205, 205, 0],
  [0, 0, 238],
  [205, 0, 205],
  [0, 205, 205],
  [229, 229, 229],
  [127, 127, 127],
  [255, 0, 0],
  [0, 255, 0],
  [255, 255, 0],
  [92, 92, 255],
  [255, 0, 255],
  [0, 255, 255],
  [255, 255, 255],
];
const CUBE = [0, 95, 135, 175, 215, 255];

const looks = new Map<string, Look>();

/** How a pen writes in this theme. */
export function lookOf(pen: Pen, isDark: boolean): Look {
  const { fg, bg, isBold, isDim, isItalic, isUnderlined, isStruck, isInverse, isControl } = pen;
  const flags = [isBold, isDim, isItalic, isUnderlined, isStruck, isInverse, isControl, isDark];
  const key = `${fg} ${bg} ${flags.map(Number).join("")}`;
  const known = looks.get(key);
  if (known !== undefined) {
    return known;
  }
  if (looks.size >= MOST_LOOKS) {
    looks.clear();
  }
  const look = drawn(pen, isDark);
  looks.set(key, look);
  return look;
}

function drawn(pen: Pen, isDark: boolean): Look {
  const { ground, chosen, text } = GROUNDS[isDark ? "dark" : "light"];
  const classes = [
    pen.isBold ? "bold" : "",
    pen.isItalic ? "italic" : "",
    pen.isUnderlined ? "underlined" : "",
    pen.isStruck ? "struck" : "",
    pen.isControl ? "control" : "",
  ];
  let style: Record<string, string> | undefined;
  if (pen.bg !== null || pen.isInverse) {
    const fore = pen.fg === null ? null : rgbOf(pen.fg);
    const back = pen.bg === null ? null : rgbOf(pen.bg);
    const under = pen.isInverse ? (fore ?? text) : (back as Rgb);
    const over = pen.isInverse ? (back ?? ground) : (fore ?? farthest(under));
    style = { backgroundColor: css(under), color: css(readable(over, under)) };
  } else if (pen.fg !== null && pen.fg < NAMED) {
    classes.push(`ansi-${pen.fg}`);
  } else if (pen.fg !== null) {
    style = { color: css(readable(rgbOf(pen.fg), chosen)) };
  } else if (pen.isDim) {
    classes.push("dim");
  }
  return { classes: classes.filter((one) => one !== "").join(" "), style };
}

export function rgbOf(colour: Colour): Rgb {
  if (isTrueColour(colour)) {
    return [(colour >> 16) & 255, (colour >> 8) & 255, colour & 255];
  }
  if (colour < NAMED) {
    return SIXTEEN[colour] as Rgb;
  }
  if (colour >= 232) {
    const grey = 8 + (colour - 232) * 10;
    return [grey, grey, grey];
  }
  const at = colour - NAMED;
  return [
    CUBE[Math.floor(at / 36)] as number,
    CUBE[Math.floor(at / 6) % 6] as number,
    CUBE[at % 6] as number,
  ];
}

/** How far two colours are apart, 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrast(one: Rgb, other: Rgb): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [
    number,
    number,
  ];
  return (light + 0.05) / (dark + 0.05);
}

/** The colour itself, or the nearest towards white or black that can be read on `ground`. */
export function readable(colour: Rgb, ground: Rgb): Rgb {
  const end = farthest(ground);
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = mix(colour, end, share);
    if (contrast(mixed, ground) >= ENOUGH) {
      return mixed;
    }
  }
  return end;
}

function farthest(ground: Rgb): Rgb {
  const [white, black]: [Rgb, Rgb] = [
    [255, 255, 255],
    [0, 0, 0],
  ];
  return contrast(white, ground) > contrast(black, ground) ? white : black;
}

function mix(one: Rgb, other: Rgb, share: number): Rgb {
  const part = (at: 0 | 1 | 2): number => Math.round(one[at] + (other[at] - one[at]) * share);
  return [part(0), part(1), part(2)];
}

function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function css(colour: Rgb): string {
  return `rgb(${colour.join(" ")})`;
}
