// Types and patterns of events.

import { expect, it } from "vitest";
import {
  coveredBy,
  exampleTypes,
  KNOWN_TYPES,
  ownPatterns,
  takes,
} from "@/screens/callbacks/event-types.ts";

it.each([
  ["canary_*", "canary_started", true],
  ["training.*", "training.failed", true],
  ["training.*", "trainingXfailed", false],
  ["*", "anything", true],
  ["*_completed", "canary_completed", true],
  ["canary_started", "canary_started", true],
  ["canary", "canary_started", false],
])("%s takes %s: %s", (pattern, type, isTaken) => {
  expect(takes(pattern, type)).toBe(isTaken);
});

it("knows what a pattern ticks already", () => {
  expect(coveredBy(["canary_*"], "canary_started")).toBe("canary_*");
  expect(coveredBy(["canary_started"], "canary_started")).toBeNull();
});

it("tells own patterns from types with a box", () => {
  expect(ownPatterns(["alert.firing", "backup.done", "canary_*"])).toEqual(["backup.done", "canary_*"]);
});

it("shows examples of what is told", () => {
  expect(exampleTypes([])).toEqual(KNOWN_TYPES);
  expect(exampleTypes(["canary_*", "backup.done"])).toEqual([
    "canary_started",
    "canary_completed",
    "backup.done",
  ]);
  expect(exampleTypes(["nothing.*"])).toEqual(["canary_started"]);
});
