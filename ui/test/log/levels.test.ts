// Which levels stand out.

import { describe, expect, it } from "vitest";
import { markOf, offered } from "@/log/levels.ts";

describe("levels", () => {
  it.each([
    ["info", "text", ""],
    ["debug", "text", ""],
    ["warning", "text", "W"],
    ["error", "text", "E"],
    ["critical", "text", "C"],
    ["constructor", "text", ""],
    ["info", "##[error]It broke", "E"],
    ["info", "##[warning]It may break", "W"],
    ["info", "::error file=a.ts,line=1::It broke", "E"],
    ["info", "::error::It broke", "E"],
    ["info", "an ::error:: within", ""],
  ])("%s of %j is %j", (level, text, letter) => {
    expect(markOf({ level, text }).letter).toBe(letter);
  });

  it("offers the known ones, then what else was met", () => {
    expect(offered(["zebra", "info", "audit", "zebra"])).toEqual([
      "debug",
      "info",
      "warning",
      "error",
      "critical",
      "audit",
      "zebra",
    ]);
  });
});
