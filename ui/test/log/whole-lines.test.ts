// Long lines, shown whole.

import { describe, expect, it, vi } from "vitest";
import { KEPT_CHARS, type LogLine, SHOWN_CHARS } from "@/log/lines.ts";
import { WholeLines } from "@/log/whole-lines.ts";

const line = (text: string, chars = text.length): LogLine => ({
  line: 3,
  at: 0,
  receivedAt: null,
  level: "info",
  step: "",
  text,
  chars,
});

describe("a long line", () => {
  it("is shown from memory where it is there", async () => {
    const read = vi.fn();
    const wholes = new WholeLines(read);
    await wholes.more(line("x".repeat(5_000)));

    expect(wholes.of(3)?.text.length).toBe(5_000);
    expect(read).not.toHaveBeenCalled();
  });

  it("is read whole where it is not, and shown a piece more each time", async () => {
    const wholes = new WholeLines(() => Promise.resolve("y".repeat(200_000)));
    const long = line("y".repeat(KEPT_CHARS), 200_000);
    await wholes.more(long);
    expect(wholes.of(3)?.shown).toBe(SHOWN_CHARS + KEPT_CHARS);

    await wholes.more(long);

    expect(wholes.of(3)?.shown).toBe(SHOWN_CHARS + 2 * KEPT_CHARS);
    expect(wholes.has(3)).toBe(true);
    expect(wholes.of(4)).toBeNull();
    expect(wholes.size).toBe(1);
  });
});
