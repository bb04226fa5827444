// What the timeline says of steps.

import { expect, test } from "vitest";
import {
  barsOf,
  countsOf,
  filtered,
  firstFailed,
  isOdd,
  isSlow,
  kindIn,
  nextFailed,
  spanOf,
  wordOf,
} from "@/screens/deployment/steps.ts";
import { attempt, ms, run, step } from "./made.ts";

test("parallel steps stand at their own places on the run's axis", () => {
  const one = step("one", attempt(1, 0, 50));
  const other = step("other", attempt(1, 25, 100));
  const span = spanOf(run("success", 0, 100, [one, other]), ms(500));

  expect(span).toEqual({ from: ms(0), to: ms(100) });
  expect(barsOf(one, span as never, ms(500))).toMatchObject([{ left: 0, width: 50 }]);
  expect(barsOf(other, span as never, ms(500))).toMatchObject([{ left: 25, width: 75 }]);
});

test("what goes on reaches to the present", () => {
  const build = step("build", attempt(1, 10, null));
  const span = spanOf(run("running", 0, null, [build]), ms(40));

  expect(span?.to).toBe(ms(40));
  expect(barsOf(build, span as never, ms(40))).toMatchObject([{ left: 25, width: 75 }]);
});

test("a bar is never too thin to be seen and never beyond the axis", () => {
  const quick = step("quick", attempt(1, 100, 100));
  const [bar] = barsOf(quick, { from: ms(0), to: ms(100) }, ms(100));

  expect(bar?.width).toBeGreaterThan(0.5);
  expect((bar?.left ?? 0) + (bar?.width ?? 0)).toBeLessThanOrEqual(100);
});

test("a run without any time has no axis", () => {
  const untold = { ...run("pending", 0, null, []), started_at: null };

  expect(spanOf(untold, ms(1))).toBeNull();
});

test("of several failed steps the one that failed first is looked at", () => {
  const late = step("late", attempt(1, 0, 9, "failed"));
  const early = step("early", attempt(1, 1, 5, "failed"));

  expect(firstFailed([late, early])?.name).toBe("early");
  expect(firstFailed([step("good", attempt(1, 0, 1))])).toBeNull();
});

test("a cancelled step is looked at only when nothing else failed", () => {
  const cancelled = {
    ...step("cancelled", attempt(1, 0, 1, "failed")),
    conclusion: "cancelled",
  };
  const failed = step("failed", attempt(1, 0, 9, "failed"));

  expect(firstFailed([cancelled, failed])?.name).toBe("failed");
  expect(firstFailed([cancelled])?.name).toBe("cancelled");
});

test("one gets from failed step to failed step, and round again", () => {
  const steps = [
    step("a", attempt(1, 0, 1, "failed")),
    step("b", attempt(1, 0, 1)),
    step("c", attempt(1, 0, 1, "failed")),
  ];

  expect(nextFailed(steps, null)?.name).toBe("a");
  expect(nextFailed(steps, "a")?.name).toBe("c");
  expect(nextFailed(steps, "c")?.name).toBe("a");
  expect(nextFailed([], null)).toBeNull();
});

test("a step whose end nobody told does not run for ever", () => {
  const build = step("build", attempt(1, 0, null));

  expect(kindIn({ status: "running" }, build)).toBe("running");
  expect(kindIn({ status: "failed" }, build)).toBe("info");
});

test.each([
  ["timed_out", "timed_out"],
  ["action_required", "action_required"],
  ["skipped", "skipped"],
  ["SUCCESS", null],
  ["completed", null],
  [" ", null],
  [null, null],
])("of the conclusion %s the word %s is shown", (conclusion, shown) => {
  expect(wordOf({ conclusion })).toBe(shown);
});

test.each([
  [60, 40, true, true],
  [20, 40, true, false],
  [45, 40, false, false],
  [2, 0.5, false, false],
])("%d s where %d s are usual: odd %s, slow %s", (seconds, usual, odd, slow) => {
  expect(isOdd(seconds, usual)).toBe(odd);
  expect(isSlow(seconds, usual)).toBe(slow);
});

test("steps are filtered by a part of their name, whatever its case", () => {
  const steps = [step("Build web", attempt(1, 0, 1)), step("Тесты", attempt(1, 0, 1))];

  expect(filtered(steps, " WEB ").map((one) => one.name)).toEqual(["Build web"]);
  expect(filtered(steps, "тест").map((one) => one.name)).toEqual(["Тесты"]);
  expect(filtered(steps, "")).toHaveLength(2);
});

test("steps are counted by how they stand", () => {
  const steps = [
    step("a", attempt(1, 0, 1, "failed")),
    step("b", attempt(1, 0, 1)),
    step("c", attempt(1, 0, null)),
    step("d", attempt(1, null, null, "retrying")),
  ];

  expect(countsOf(steps)).toEqual({ all: 4, ended: 2, failed: 1, running: 2 });
});
