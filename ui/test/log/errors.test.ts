// The way from error to error, on and back, near and far.

import { afterEach, describe, expect, it, vi } from "vitest";
import { errorAfter, errorBefore } from "@/log/errors.ts";
import type { Scope } from "@/log/scope.ts";
import { LogServer } from "./log-server.ts";

const WHOLE: Scope = { id: "7", project: "shop", run: null, step: null, levels: [] };
const at = (errors: readonly number[]) => (line: number) => ({
  level: errors.includes(line) ? "error" : line % 9 === 0 ? "critical-ish" : "info",
});

afterEach(() => vi.unstubAllGlobals());

describe("errors", () => {
  const errors = [5, 6, 400, 30_000];

  it.each([
    [0, 5],
    [5, 6],
    [6, 400],
    [400, 30_000],
    [30_000, null],
  ])("behind line %d: %s", async (line, expected) => {
    new LogServer(30_100, at(errors));

    expect(await errorAfter(WHOLE, line)).toBe(expected);
  });

  it.each([
    [30_100, 30_000],
    [30_000, 400],
    [5_000, 400],
    [400, 6],
    [6, 5],
    [5, null],
    [1, null],
  ])("before line %d: %s", async (line, expected) => {
    new LogServer(30_100, at(errors));

    expect(await errorBefore(WHOLE, line)).toBe(expected);
  });

  it("are looked for within what is in view", async () => {
    const server = new LogServer(100, at([50]));

    expect(await errorAfter({ ...WHOLE, levels: ["error", "info"] }, 0)).toBe(50);
    expect(server.calls[0]?.searchParams.getAll("level")).toEqual(["error"]);
    expect(await errorAfter({ ...WHOLE, levels: ["info"] }, 0)).toBeNull();
    expect(await errorBefore({ ...WHOLE, levels: ["info"] }, 90)).toBeNull();
    expect(await errorAfter({ ...WHOLE, step: "Test" }, 0)).toBeNull();
  });
});
