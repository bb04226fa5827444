// A run as it stood at earlier times.

import { expect, test } from "vitest";
import { asOf, momentsOf, nextMoment, replaySpan, runAt } from "@/screens/deployment/replay.ts";
import { at, attempt, ms, run, step } from "./made.ts";

const BUILD = step("build", attempt(1, 0, 10));
const UPLOAD = step("upload", attempt(1, 10, 14, "failed"), attempt(2, 16, 20));
const WHOLE = run("success", 0, 20, [BUILD, UPLOAD]);

test("before its first moment the run is pending and so are its steps", () => {
  const seen = asOf(WHOLE, ms(-1));

  expect(seen.status).toBe("pending");
  expect(seen.steps.map((one) => one.status)).toEqual(["pending", "pending"]);
  expect(seen.started_at).toBeNull();
});

test("a step under way counts up to the instant that is looked at", () => {
  const [build, upload] = asOf(WHOLE, ms(4)).steps;

  expect(build).toMatchObject({ status: "running", duration: 4, completed_at: null });
  expect(build?.attempts).toMatchObject([{ status: "running", duration: 4, conclusion: null }]);
  expect(upload).toMatchObject({ status: "pending", attempts: [] });
});

test("between two attempts a step stands as failed", () => {
  const [, upload] = asOf(WHOLE, ms(15)).steps;

  expect(upload).toMatchObject({ status: "failed", duration: 4, completed_at: at(14) });
  expect(upload?.attempts).toHaveLength(1);
});

test("a second attempt under way makes the step run again, timed from its first one", () => {
  const [, upload] = asOf(WHOLE, ms(18)).steps;

  expect(upload).toMatchObject({ status: "running", duration: 8, started_at: at(10) });
  expect(upload?.attempts.map((one) => one.status)).toEqual(["failed", "running"]);
});

test("from its end on the run is what it is", () => {
  expect(asOf(WHOLE, ms(20))).toEqual(WHOLE);
  expect(asOf(WHOLE, ms(9_999))).toEqual(WHOLE);
});

test("while it goes on nothing is told of how it ended", () => {
  const seen = asOf(WHOLE, ms(12));

  expect(seen).toMatchObject({ status: "running", conclusion: null, duration: 12, progress: 50 });
  expect(seen.figures).toMatchObject({ sent: null, agree: null });
});

test("a step of which only the end was told appears there", () => {
  const late = run("success", 0, 20, [step("late", attempt(1, null, 8))]);

  expect(asOf(late, ms(7)).steps[0]?.status).toBe("pending");
  expect(asOf(late, ms(8)).steps[0]?.status).toBe("completed");
});

test("an attempt that was only announced is there once the one before is over", () => {
  const told = step("retried", attempt(1, 0, 5, "failed"), attempt(2, null, null, "retrying"));
  const goesOn = run("running", 0, null, [told]);

  expect(asOf(goesOn, ms(4)).steps[0]?.attempts).toHaveLength(1);
  expect(asOf(goesOn, ms(5)).steps[0]?.attempts).toHaveLength(2);
});

test("moments are in order and each stands once", () => {
  expect(momentsOf(WHOLE)).toEqual([0, 10, 14, 16, 20].map(ms));
});

test("a replay reaches from the first to the last moment, and what goes on to the last news", () => {
  const goesOn = run("running", 0, null, [step("build", attempt(1, 0, null))]);

  expect(replaySpan(WHOLE, ms(99))).toEqual({ from: ms(0), to: ms(20) });
  expect(replaySpan(goesOn, ms(99))).toEqual({ from: ms(0), to: ms(99) });
  expect(replaySpan({ ...goesOn, started_at: null, steps: [] }, ms(99))).toBeNull();
});

test("one gets from moment to moment both ways and not beyond the ends", () => {
  const moments = momentsOf(WHOLE);

  expect(nextMoment(moments, ms(10), 1)).toBe(ms(14));
  expect(nextMoment(moments, ms(10), -1)).toBe(ms(0));
  expect(nextMoment(moments, ms(20), 1)).toBeNull();
  expect(nextMoment(moments, ms(0), -1)).toBeNull();
});

test("an instant belongs to the last run that had begun", () => {
  const second = { ...run("success", 100, 120, []), run: 2 };

  expect(runAt([WHOLE, second], ms(50))?.run).toBe(1);
  expect(runAt([WHOLE, second], ms(100))?.run).toBe(2);
  expect(runAt([WHOLE, second], ms(-1))).toBeNull();
});

test("whatever the instant, nothing later than it is shown", () => {
  for (let second = -1; second <= 21; second += 0.5) {
    const seen = asOf(WHOLE, ms(second));
    const told = [seen, ...seen.steps, ...seen.steps.flatMap((one) => one.attempts)];

    for (const { started_at, completed_at } of told) {
      expect(Date.parse(started_at ?? at(-9))).toBeLessThanOrEqual(ms(second));
      expect(Date.parse(completed_at ?? at(-9))).toBeLessThanOrEqual(ms(second));
    }
  }
});
