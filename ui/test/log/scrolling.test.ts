// Scrolling: exact by hand and proportional by the bar, in logs that fit and in those that do not.

import { describe, expect, it } from "vitest";
import {
  endOf,
  type Geometry,
  isBefore,
  isExact,
  isLeap,
  MOST_PIXELS,
  MOST_ROWS,
  moved,
  type Place,
  placeAt,
  showing,
  spaceOf,
  START,
  topOf,
  windowOf,
} from "@/log/scrolling.ts";

const of = (rows: number, odd: Record<number, number> = {}, view = 600): Geometry => ({
  rows,
  rowHeight: 20,
  heightOf: (row) => odd[row] ?? 20,
  view,
});
const pixels = ({ row, offset }: Place): number => row * 20 + offset;

describe("a log that fits", () => {
  const small = of(10_000);

  it("is as high as its rows", () => {
    expect(spaceOf(small)).toBe(200_000);
    expect(isExact(small, false)).toBe(true);
    expect(isExact(small, true)).toBe(false);
  });

  it.each([0, 1, 19, 20, 21, 5_555, 199_399, 199_400])("is at the pixel of the bar: %d", (top) => {
    const place = placeAt(top, small);

    expect(pixels(place)).toBe(top);
    expect(topOf(place, small)).toBe(top);
  });
});

describe("a log of a million lines", () => {
  const huge = of(1_000_000);

  it("is no higher than a browser can draw", () => {
    expect(spaceOf(huge)).toBe(MOST_PIXELS);
    expect(isExact(huge, false)).toBe(false);
  });

  it("reaches its first and its last row", () => {
    expect(placeAt(0, huge)).toEqual(START);
    expect(placeAt(MOST_PIXELS - 600, huge)).toEqual({ row: 999_970, offset: 0 });
    expect(endOf(huge)).toEqual({ row: 999_970, offset: 0 });
  });

  it("moves by hand by as many pixels of rows", () => {
    let place = placeAt(3_000_000, huge);
    const begin = pixels(place);
    for (let turn = 0; turn < 1_000; turn += 1) {
      place = moved(place, 53, huge);
    }

    expect(pixels(place)).toBeCloseTo(begin + 53_000, 5);
    expect(pixels(moved(place, -53_000, huge))).toBeCloseTo(begin, 5);
  });

  it("lets the bar stand where the rows are", () => {
    for (const row of [0, 1, 17, 4_711, 500_000, 734_511, 999_970]) {
      const place = { row, offset: row === 999_970 ? 0 : 7 };
      const again = placeAt(topOf(place, huge), huge);

      expect(Math.abs(pixels(again) - pixels(place))).toBeLessThan(2);
    }
  });

  it("grows with the bar, always", () => {
    let before = -1;
    for (let top = 0; top <= MOST_PIXELS; top += 9_973) {
      const now = pixels(placeAt(top, huge));
      expect(now).toBeGreaterThan(before);
      before = now;
    }
  });
});

describe("the ends", () => {
  it("hold", () => {
    const log = of(100);

    expect(moved(START, -50, log)).toEqual(START);
    expect(moved({ row: 60, offset: 0 }, 9_999, log)).toEqual({ row: 70, offset: 0 });
    expect(moved({ row: 0, offset: 15 }, -15, log)).toEqual(START);
  });

  it("are one where all rows fit", () => {
    const log = of(5);

    expect(endOf(log)).toEqual(START);
    expect(placeAt(10, log)).toEqual(START);
    expect(topOf(START, log)).toBe(0);
  });

  it("hold where there are no rows", () => {
    expect(endOf(of(0))).toEqual(START);
    expect(windowOf(START, of(0), 20)).toEqual([0, 0]);
  });
});

describe("rows of other heights", () => {
  const odd = of(1_000, { 3: 500, 999: 700 });

  it("are gone through pixel by pixel", () => {
    expect(moved({ row: 3, offset: 0 }, 499, odd)).toEqual({ row: 3, offset: 499 });
    expect(moved({ row: 3, offset: 499 }, 1, odd)).toEqual({ row: 4, offset: 0 });
    expect(moved({ row: 4, offset: 0 }, -1, odd)).toEqual({ row: 3, offset: 499 });
  });

  it("end at the lower edge", () => {
    expect(endOf(odd)).toEqual({ row: 999, offset: 100 });
  });

  it("draw as many rows as are seen", () => {
    expect(windowOf({ row: 3, offset: 480 }, odd, 2)).toEqual([1, 35]);
    expect(windowOf({ row: 999, offset: 100 }, odd, 2)).toEqual([997, 1_000]);
  });
});

describe("what is drawn", () => {
  it("stays bounded on the largest screen", () => {
    const [first, last] = windowOf({ row: 500, offset: 0 }, of(1_000_000, {}, 20_000), 24);

    expect(last - first).toBe(MOST_ROWS);
  });
});

describe("showing a row", () => {
  const log = of(1_000);

  it("leaves the view when the row is in it", () => {
    const place = { row: 100, offset: 5 };

    expect(showing(101, place, log)).toEqual(place);
    expect(showing(129, place, log)).toEqual(place);
  });

  it.each([100, 130, 5_000, 0])("brings a row into it: %d", (row) => {
    const wanted = Math.min(row, 999);
    const place = showing(wanted, { row: 100, offset: 5 }, log);
    const [first, last] = windowOf(place, log, 0);

    expect(isBefore({ row: wanted, offset: 0 }, place)).toBe(false);
    expect(first).toBeLessThanOrEqual(wanted);
    expect(last).toBeGreaterThan(wanted);
  });
});

describe("leaps", () => {
  it("are longer than wheels and keys go at once", () => {
    const log = of(1_000_000);

    expect(isLeap(0, 1_200, log)).toBe(false);
    expect(isLeap(5_000, 3_800, log)).toBe(false);
    expect(isLeap(0, 60_000, log)).toBe(true);
  });
});
