// How trainings are shown.

import { expect, it } from "vitest";
import type { TrainingDetail } from "@/api/training-shapes.ts";
import {
  begunAt,
  fieldsOf,
  fileReasonText,
  markOf,
  markOfEvent,
  ownWord,
  typeText,
  wordOf,
} from "@/screens/trainings/trainings.ts";
import { training } from "./made.ts";

it.each<[Partial<TrainingDetail>, string, string]>([
  [{ status: "training" }, "training", "running"],
  [{ status: "training", queue_position: 3 }, "queued", "pending"],
  [{ status: "training", queue_position: 3, progress: 0 }, "queued", "pending"],
  [{ status: "training", queue_position: 0, progress: 12 }, "training", "running"],
  [{ status: "completed", queue_position: 0 }, "completed", "success"],
  [{ status: "error" }, "error", "failed"],
  [{ status: "cancelled" }, "cancelled", "cancelled"],
])("%o is called %s and marked %s", (said, word, mark) => {
  expect(wordOf(training(said))).toBe(word);
  expect(markOf(training(said))).toBe(mark);
});

it.each([
  ["training.completed", null, "success"],
  ["training.failed", "error", "failed"],
  ["training.cancelled", "cancelled", "cancelled"],
  ["training.progressed", "training", "info"],
  ["training.progressed", "completed", "success"],
  ["training.registered", null, "info"],
] as const)("the event %s with %s is marked %s", (type, status, mark) => {
  expect(markOfEvent({ type, status })).toBe(mark);
});

it("tells the sender's word only where it says more", () => {
  expect(ownWord(training({ status_text: "IN_PROGRESS" }))).toBeNull();
  expect(ownWord(training({ status_text: "paused" }))).toBe("paused");
  expect(ownWord(training())).toBeNull();
});

it("begins when it was registered, else when it was first heard of", () => {
  expect(begunAt(training())).toBe("2026-01-01T12:00:00Z");
  expect(begunAt(training({ registered_at: null }))).toBe("2026-01-01T12:00:05Z");
});

it("tells each field of a result by where it stands", () => {
  const result = { file: { url: "https://x/y", size: 3 }, seeds: [1, null], empty: {} };

  expect(fieldsOf(result)).toEqual([
    { name: "file.url", text: "https://x/y" },
    { name: "file.size", text: "3" },
    { name: "seeds.0", text: "1" },
    { name: "seeds.1", text: "–" },
  ]);
  expect(fieldsOf(null)).toEqual([]);
  expect(fieldsOf(Array.from({ length: 99 }, (_, at) => at))).toHaveLength(60);
});

it("says why a file could not be had, as far as that is known", () => {
  const t = (key: string) => `<${key}>`;

  expect(fileReasonText("unreachable", t)).toBe("<trainings.fileReasons.unreachable>");
  expect(fileReasonText("eaten", t)).toBe("eaten");
});

it("calls a type that it does not know as the sender does", () => {
  const t = (key: string) => `<${key}>`;

  expect(typeText("style", t)).toBe("<trainings.types.style>");
  expect(typeText("voice", t)).toBe("voice");
  expect(typeText(null, t)).toBe("–");
});
