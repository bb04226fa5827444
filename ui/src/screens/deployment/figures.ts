// The sender's own figures beside what was seen, field by field. Pure.

import type { Figures } from "@/api/shapes.ts";

export interface FigureRow {
  name: string;
  sent: unknown;
  seen: unknown;
  /** null: only one of both is there, or they cannot be compared. */
  agrees: boolean | null;
}

// As the server does: senders measure in whole seconds and by another clock.
const TOLERANCE_SECONDS = 1;
// Senders' words for how a deployment stands; any other one cannot be compared.
const WORDS: Record<string, readonly string[]> = {
  running: ["running", "started", "in_progress", "queued", "pending", "waiting", "requested"],
  success: ["success", "succeeded", "successful", "completed", "skipped", "neutral"],
  failed: ["failed", "failure", "error", "timed_out", "startup_failure", "action_required"],
  cancelled: ["cancelled", "canceled"],
};

/** All fields that either side has, those seen first. */
export function rowsOf({ sent, seen }: Figures): FigureRow[] {
  const names = [...new Set([...Object.keys(seen), ...Object.keys(sent ?? {})])];
  return names.map((name) => {
    const theirs = sent?.[name];
    const ours = seen[name];
    return { name, sent: theirs ?? null, seen: ours ?? null, agrees: agrees(name, theirs, ours) };
  });
}

function agrees(name: string, sent: unknown, seen: unknown): boolean | null {
  if (sent === null || sent === undefined || seen === null || seen === undefined) {
    return null;
  }
  if (name === "status") {
    const said = String(sent).trim().toLowerCase();
    const meant = Object.keys(WORDS).find((word) => WORDS[word]?.includes(said));
    return meant === undefined ? null : meant === seen;
  }
  const number = typeof sent === "string" && sent.trim() !== "" ? Number(sent) : sent;
  if (typeof number !== "number" || !Number.isFinite(number) || typeof seen !== "number") {
    return null;
  }
  return Math.abs(number - seen) <= (name === "total_duration" ? TOLERANCE_SECONDS : 0);
}
