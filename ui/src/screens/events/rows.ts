// The rows of the list of events: what is kept of each, how it is marked, how news join. Pure.

import type { StoredEvent } from "@/api/shapes.ts";
import type { MarkKind } from "@/parts/status.ts";

/** An event without what only its own page shows, so that thousands may stand in memory. */
export interface EventRow {
  seq: number;
  id: string;
  source: string;
  type: string;
  project: string;
  subject: string;
  occurred_at: string;
  received_at: string;
  /** What the event says went well or badly; null when it says neither. */
  kind: MarkKind | null;
  /** The step or the line it is about, in short. */
  about: string;
}

const ABOUT_CHARS = 160;
const GOOD = new Set(["success", "completed", "succeeded", "successful"]);
const BAD = new Set(
  "failed failure error critical timed_out startup_failure action_required".split(" "),
);

export function rowOf(event: StoredEvent): EventRow {
  const { seq, id, source, type, project, subject, occurred_at, received_at } = event;
  const data = isRecord(event.data) ? event.data : {};
  return {
    ...{ seq, id, source, type, project, subject, occurred_at, received_at },
    kind: kindOfEvent(type, data),
    about: aboutOf(data),
  };
}

function kindOfEvent(type: string, data: Record<string, unknown>): MarkKind | null {
  const words = [data["step_status"], data["status"], data["conclusion"], data["level"]]
    .filter((word) => typeof word === "string")
    .map((word) => word.toLowerCase());
  if (words.some((word) => BAD.has(word)) || /(^|[._])(failed|failure|error|firing)$/.test(type)) {
    return "failed";
  }
  return words.some((word) => GOOD.has(word)) ? "success" : null;
}

/** A step's name, a message or an action: the first thing that tells events of a type apart. */
function aboutOf(data: Record<string, unknown>): string {
  const told = ["step_name", "message", "action", "name", "title"]
    .map((name) => data[name])
    .find((value) => typeof value === "string" && value !== "");
  // Escape sequences of terminals would stand in the list as rubbish.
  return String(told ?? "")
    .replace(/\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u001f]/g, " ")
    .trim()
    .slice(0, ABOUT_CHARS);
}

/** `news` before `rows`, newest first, each event once. */
export function joined(news: readonly EventRow[], rows: readonly EventRow[]): EventRow[] {
  const newest = rows[0]?.seq ?? -1;
  const fresh = news.filter((row) => row.seq > newest);
  return [...fresh.toSorted((one, other) => other.seq - one.seq), ...rows];
}

/** `older` behind `rows`, each event once. */
export function extended(rows: readonly EventRow[], older: readonly EventRow[]): EventRow[] {
  const oldest = rows.at(-1)?.seq ?? Infinity;
  return [...rows, ...older.filter((row) => row.seq < oldest)];
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
