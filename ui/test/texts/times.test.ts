import { afterEach, describe, expect, it } from "vitest";
import { language } from "@/texts/index.ts";
import { bytes, days, duration, percent, relative } from "@/texts/times.ts";

afterEach(() => {
  language.value = "en";
});

describe("a duration", () => {
  it.each([
    [0, "0 sec"],
    [0.26, "0.3 sec"],
    [9.96, "10 sec"],
    [42.7, "42 sec"],
    [60, "1 min"],
    [3_599, "59 min 59 sec"],
    [3_840, "1 hr 4 min"],
    [90_000, "1 day 1 hr"],
  ])("of %d s has two units at most", (seconds, text) => {
    language.value = "en";

    expect(duration(seconds)).toBe(text);
  });
});

describe("what was some time ago", () => {
  it.each([
    [0, "now"],
    [4_400, "now"],
    [5_000, "5 sec. ago"],
    [59_000, "59 sec. ago"],
    [119_000, "1 min. ago"],
    [7_200_000, "2 hr. ago"],
    [86_400_000 * 3, "3 days ago"],
  ])("%d ms is told in its largest whole unit", (age, text) => {
    language.value = "en";

    expect(relative(1_700_000_000_000 - age, 1_700_000_000_000)).toBe(text);
  });

  it("is told in the language that is on", () => {
    language.value = "ru";

    expect(relative(0, 3 * 60_000)).toBe("3 мин. назад");
    expect(days(2)).toBe("2 дня");
  });
});

describe("figures", () => {
  it.each([
    [0, "0 byte"],
    [999, "999 byte"],
    [1_500, "1.5 kB"],
    [12_345_678, "12 MB"],
  ])("%d bytes are shown short", (count, text) => {
    language.value = "en";

    expect(bytes(count)).toBe(text);
  });

  it("never shows a share that is not whole as 100 %", () => {
    language.value = "en";

    expect(percent(0.9999)).toBe("99.9%");
    expect(percent(1)).toBe("100%");
  });
});
