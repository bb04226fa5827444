import { describe, expect, it } from "vitest";
import { kindOf, kindOfStep, SHAPES } from "@/parts/status.ts";

describe("a status", () => {
  it("is told apart by its shape alone, but for two words that mean the same", () => {
    const shapes = Object.entries(SHAPES).filter(([kind]) => kind !== "degraded");

    expect(new Set(shapes.map(([, shape]) => shape.path)).size).toBe(shapes.length);
  });

  it("of a silent deployment is that it is silent", () => {
    expect(kindOf({ status: "running", stalled: true })).toBe("stalled");
    expect(kindOf({ status: "failed", stalled: false })).toBe("failed");
  });

  it.each([
    ["completed", "success", "success"],
    ["completed", "Skipped", "skipped"],
    ["completed", null, "success"],
    ["failed", "cancelled", "cancelled"],
    ["failed", "timed_out", "failed"],
    ["retrying", null, "retrying"],
  ] as const)("of a step %s with %s is %s", (status, conclusion, kind) => {
    expect(kindOfStep({ status, conclusion })).toBe(kind);
  });
});
