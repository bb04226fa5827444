// What is kept of a line.

import { describe, expect, it } from "vitest";
import type { Line } from "@/api/shapes.ts";
import { costOf, KEPT_CHARS, keptLine } from "@/log/lines.ts";
import { piecesOf, plainOf } from "@/log/terminal.ts";

const line = (text: string): Line => ({
  line: 1,
  at: "2024-01-01T12:00:00.000Z",
  received_at: null,
  level: "info",
  step: "Build",
  text,
  seq: 9,
});

describe("a line in memory", () => {
  it("has numbers for instants", () => {
    expect(keptLine({ ...line("x"), received_at: "2024-01-01T12:00:01.000Z" })).toEqual({
      line: 1,
      at: 1_704_110_400_000,
      receivedAt: 1_704_110_401_000,
      level: "info",
      step: "Build",
      text: "x",
      chars: 1,
    });
    expect(keptLine(line("x")).receivedAt).toBeNull();
  });

  it("keeps the begin of a huge text, and knows how long it was", () => {
    const kept = keptLine(line("x".repeat(1_000_000)));

    expect(kept.text.length).toBe(KEPT_CHARS);
    expect(kept.chars).toBe(1_000_000);
    expect(costOf(kept)).toBeLessThan(KEPT_CHARS + 200);
  });

  it("keeps the last state of a progress bar", () => {
    const bar = Array.from({ length: 50_000 }, (_, at) => `\rdone ${at}`).join("");

    expect(plainOf(piecesOf(keptLine(line(bar)).text))).toBe("done 49999");
  });
});
