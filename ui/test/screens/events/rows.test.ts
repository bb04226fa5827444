// The rows of the list of events.

import { expect, test } from "vitest";
import type { StoredEvent } from "@/api/shapes.ts";
import { type EventRow, extended, joined, rowOf } from "@/screens/events/rows.ts";

function event(seq: number, type: string, data: unknown): StoredEvent {
  return {
    seq,
    id: `id-${seq}`,
    source: "deployment",
    type,
    project: "shop",
    subject: "42",
    occurred_at: "2026-01-01T12:00:00.000Z",
    received_at: "2026-01-01T12:00:00.000Z",
    data,
  };
}

function rows(...seqs: number[]): EventRow[] {
  return seqs.map((seq) => rowOf(event(seq, "t", null)));
}

function seqs(list: readonly EventRow[]): number[] {
  return list.map((row) => row.seq);
}

test.each([
  ["step_completed", { step_status: "failed" }, "failed"],
  ["step_completed", { step_status: "completed" }, "success"],
  ["deployment_completed", { status: "FAILURE" }, "failed"],
  ["deployment_completed", { status: "success" }, "success"],
  ["log_entry", { level: "error" }, "failed"],
  ["training.failed", {}, "failed"],
  ["step_started", { step_status: "started" }, null],
  ["anything", "text", null],
  ["anything", null, null],
])("%s with %o is marked as %s", (type, data, kind) => {
  expect(rowOf(event(1, type, data)).kind).toBe(kind);
});

test("a row tells the step or the message, without escape sequences, and not for ever", () => {
  expect(rowOf(event(1, "t", { step_name: "Build", message: "m" })).about).toBe("Build");
  expect(rowOf(event(1, "t", { message: "\u001b[31mred\u001b[0m\nnext" })).about).toBe("red  next");
  expect(rowOf(event(1, "t", { message: "x".repeat(9_999) })).about).toHaveLength(160);
  expect(rowOf(event(1, "t", [1])).about).toBe("");
});

test("news stand before what is there, newest first and each once", () => {
  expect(seqs(joined(rows(5, 6, 7), rows(5, 4)))).toEqual([7, 6, 5, 4]);
  expect(seqs(joined([], rows(5)))).toEqual([5]);
  expect(seqs(joined(rows(1, 2), []))).toEqual([2, 1]);
});

test("older ones stand behind, each once", () => {
  expect(seqs(extended(rows(5, 4), rows(4, 3)))).toEqual([5, 4, 3]);
  expect(seqs(extended([], rows(2)))).toEqual([2]);
});
