// Every colour of a terminal can be read in both themes.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { contrast, GROUNDS, lookOf, readable, type Rgb, rgbOf } from "@/log/colours.ts";
import { PLAIN, rgb } from "@/log/pen.ts";

const sheet = (name: string): string =>
  readFileSync(`src/${name}`, "utf8");

function values(css: string, theme: "light" | "dark"): Map<string, Rgb> {
  const block = css.slice(css.indexOf(`[data-theme="${theme}"]`)).split("}")[0] as string;
  return new Map(
    [...block.matchAll(/(--[\w-]+): #([0-9a-f]{6});/g)].map(([, name, hex]) => [
      name as string,
      [0, 2, 4].map((at) => Number.parseInt((hex as string).slice(at, at + 2), 16)) as never,
    ]),
  );
}

const tint = (over: Rgb, ground: Rgb, share: number): Rgb =>
  over.map((value, at) => value * share + (ground[at] as number) * (1 - share)) as never;

describe.each(["light", "dark"] as const)("in the %s theme", (theme) => {
  const tokens = values(sheet("styles/tokens.css"), theme);
  const own = values(sheet("log/terminal.css"), theme);
  const { ground, chosen, text } = GROUNDS[theme];

  it("reckons with the grounds that are drawn", () => {
    expect(tokens.get("--log-ground")).toEqual(ground);
    expect(own.get("--log-chosen")).toEqual(chosen);
    expect(tokens.get("--text")).toEqual(text);
  });

  it("has sixteen colours that can be read, also on tinted lines", () => {
    const grounds = [
      ground,
      own.get("--log-chosen") as Rgb,
      tint(own.get("--log-found") as Rgb, ground, 0.22),
    ];
    const weak = Array.from({ length: 16 }, (_, at) => own.get(`--ansi-${at}`) as Rgb).flatMap(
      (colour, at) => grounds.map((one) => [at, contrast(colour, one)] as const),
    );

    expect(weak.filter(([, ratio]) => ratio < 4.5)).toEqual([]);
  });

  it("marks what was found so that it can be read", () => {
    for (const kind of ["", "-now"]) {
      const [on, under] = [own.get(`--on-found${kind}`), own.get(`--log-found${kind}`)];
      expect(contrast(on as Rgb, under as Rgb)).toBeGreaterThan(4.5);
    }
  });

  it("makes every other colour readable", () => {
    for (let colour = 16; colour < 256; colour += 1) {
      const drawn = readable(rgbOf(colour), chosen);
      expect(contrast(drawn, chosen)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(drawn, ground)).toBeGreaterThanOrEqual(4.5);
    }
  });

  it("makes writing readable on the ground the sender chose", () => {
    for (let bg = 0; bg < 256; bg += 5) {
      for (const fg of [null, 0, 1, 7, 15, 200, rgb(90, 90, 90)]) {
        for (const isInverse of [false, true]) {
          const { style } = lookOf({ ...PLAIN, fg, bg, isInverse }, theme === "dark");
          const [over, under] = [style?.["color"], style?.["backgroundColor"]].map(
            (css) => (css as string).match(/\d+/g)?.map(Number) as unknown as Rgb,
          );
          expect(contrast(over as Rgb, under as Rgb)).toBeGreaterThanOrEqual(4.5);
        }
      }
    }
  });
});

describe("looks", () => {
  it("leave a colour that can be read as it is", () => {
    const { style } = lookOf({ ...PLAIN, fg: rgb(10, 20, 120) }, false);

    expect(style).toEqual({ color: "rgb(10 20 120)" });
  });

  it.each([
    [{ fg: 1, isBold: true }, "bold ansi-1"],
    [{ isDim: true }, "dim"],
    [{ isUnderlined: true, isStruck: true, isItalic: true }, "italic underlined struck"],
    [{ isControl: true }, "control"],
    [{}, ""],
  ])("%o are the classes %s", (change, classes) => {
    expect(lookOf({ ...PLAIN, ...change }, true)).toEqual({ classes, style: undefined });
  });

  it("are known again", () => {
    const pen = { ...PLAIN, fg: 99 };

    expect(lookOf(pen, true)).toBe(lookOf({ ...pen }, true));
    expect(lookOf(pen, true)).not.toBe(lookOf(pen, false));
  });

  it("do not pile up", () => {
    for (let red = 0; red < 3_000; red += 1) {
      lookOf({ ...PLAIN, fg: rgb(red & 255, red >> 8, 9) }, true);
    }

    expect(rgbOf(255)).toEqual([238, 238, 238]);
    expect(rgbOf(231)).toEqual([255, 255, 255]);
  });
});
