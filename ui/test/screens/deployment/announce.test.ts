// What is read out when a run changes.

import { expect, test } from "vitest";
import { newsOf } from "@/screens/deployment/announce.ts";
import { attempt, run, step } from "./made.ts";

const RUNNING = run("running", 0, null, [step("build", attempt(1, 0, null))]);

test("a step that ended and a run that ended are told, the run last", () => {
  const failed = run("failed", 0, 5, [step("build", attempt(1, 0, 5, "failed"))]);

  expect(newsOf(RUNNING, failed)).toEqual([
    { step: "build", kind: "failed" },
    { step: null, kind: "failed" },
  ]);
});

test("nothing is told of what stands as it stood, of a first look, or of another run", () => {
  expect(newsOf(RUNNING, { ...RUNNING })).toEqual([]);
  expect(newsOf(null, RUNNING)).toEqual([]);
  expect(newsOf({ ...RUNNING, run: 2 }, RUNNING)).toEqual([]);
});

test("of many changes at once only the last few steps are told", () => {
  const steps = Array.from({ length: 50 }, (_, number) => step(`s${number}`, attempt(1, 0, 1)));

  expect(newsOf({ ...RUNNING, steps: [] }, { ...RUNNING, steps })).toHaveLength(3);
});
