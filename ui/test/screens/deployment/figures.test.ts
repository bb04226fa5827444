// The sender's figures beside what was seen.

import { expect, test } from "vitest";
import { rowsOf } from "@/screens/deployment/figures.ts";

const SEEN = { total_duration: 30.9, status: "success", steps_count: 7 };

function agreement(sent: Record<string, unknown>): Record<string, boolean | null> {
  const rows = rowsOf({ sent, seen: SEEN, agree: null });
  return Object.fromEntries(rows.map((row) => [row.name, row.agrees]));
}

test("every field of either side has a row, those seen first", () => {
  const rows = rowsOf({ sent: { region: "eu", status: "success" }, seen: SEEN, agree: true });

  expect(rows.map((row) => row.name)).toEqual([
    "total_duration",
    "status",
    "steps_count",
    "region",
  ]);
  expect(rows.at(-1)).toEqual({ name: "region", sent: "eu", seen: null, agrees: null });
});

test.each([
  [{ total_duration: 30 }, { total_duration: true }],
  [{ total_duration: 33 }, { total_duration: false }],
  [{ total_duration: "31" }, { total_duration: true }],
  [{ steps_count: 6 }, { steps_count: false }],
  [{ steps_count: "7" }, { steps_count: true }],
  [{ steps_count: [] }, { steps_count: null }],
  [{ status: "completed" }, { status: true }],
  [{ status: "FAILURE" }, { status: false }],
  [{ status: "whatever" }, { status: null }],
])("%o compares as %o", (sent, expected) => {
  expect(agreement(sent)).toMatchObject(expected);
});

test("without figures of the sender nothing is compared", () => {
  const rows = rowsOf({ sent: null, seen: SEEN, agree: null });

  expect(rows.every((row) => row.agrees === null)).toBe(true);
});
