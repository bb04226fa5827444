// Times of lines in their four ways, and clocks that are wrong.

import { describe, expect, it } from "vitest";
import {
  areDaysApart,
  leastDelayOf,
  nextMode,
  skewOf,
  timeText,
  timeWidth,
} from "@/log/instants.ts";

const at = Date.parse("2024-05-13T23:04:05.678Z");

describe("times", () => {
  it.each([
    [0, "+0:00.000"],
    [5_678, "+0:05.678"],
    [65_000, "+1:05.000"],
    [3_605_020, "+1:00:05.020"],
    [100 * 3_600_000, "+100:00:00.000"],
    [-1_500, "−0:01.500"],
  ])("%d ms since the start are %s", (span, expected) => {
    expect(timeText(at + span, "relative", at, false)).toBe(expected);
  });

  it("are those of UTC, with their day where there are several", () => {
    expect(timeText(at, "utc", 0, false)).toBe("23:04:05.678Z");
    expect(timeText(at, "utc", 0, true)).toBe("05-13 23:04:05.678Z");
    expect(timeText(at, "off", 0, true)).toBe("");
  });

  it("are the viewer's own", () => {
    const zone = new Date(at).getTimezoneOffset();
    const text = timeText(at + zone * 60_000, "local", 0, false);

    expect(text).toBe("23:04:05.678");
  });

  it("fit into their column", () => {
    for (const mode of ["relative", "local", "utc"] as const) {
      for (const hasDays of [false, true]) {
        expect(timeText(at, mode, at - 3_000_000, hasDays).length).toBeLessThanOrEqual(
          timeWidth(mode, hasDays),
        );
      }
    }
  });

  it("take turns", () => {
    expect(nextMode("off")).toBe("relative");
    expect(nextMode("utc")).toBe("off");
  });

  it("are on different days or not", () => {
    expect(areDaysApart(at, at + 1)).toBe(false);
    expect(areDaysApart(at, at + 86_400_000)).toBe(true);
  });
});

describe("a skewed clock", () => {
  it.each<[[number, number | null][], number | null]>([
    [[], null],
    [[[0, null]], null],
    [[[0, 1_000], [0, 90_000]], null],
    [[[0, 7_000], [0, 90_000]], 7_000],
    [[[10_000, 0], [0, 1_000]], -10_000],
    [[[4_000, 0]], null],
  ])("of %j is %s", (pairs, expected) => {
    const lines = pairs.map(([sent, receivedAt]) => ({ at: sent, receivedAt }));

    expect(skewOf(leastDelayOf(lines))).toBe(expected);
  });
});
