// How trainings are shown: their marks, their times, the fields of what they made. Pure.

import type {
  Training,
  TrainingEvent,
  TrainingStatus,
  TrainingType,
} from "@/api/training-shapes.ts";
import type { MarkKind } from "@/parts/status.ts";

export const STATUSES: readonly TrainingStatus[] = ["training", "completed", "error", "cancelled"];
export const TYPES: readonly TrainingType[] = ["portrait", "style"];

const MARKS: Readonly<Record<TrainingStatus, MarkKind>> = {
  training: "running",
  completed: "success",
  error: "failed",
  cancelled: "cancelled",
};

type Standing = Pick<Training, "status" | "queue_position" | "progress">;

/** How it stands in a word; one that waits in a queue has not begun yet. */
export function wordOf({ status, queue_position: place, progress }: Standing): TrainingStatus | "queued" {
  return status === "training" && place !== null && !progress ? "queued" : status;
}

export function markOf(training: Standing): MarkKind {
  const word = wordOf(training);
  return word === "queued" ? "pending" : MARKS[word];
}

// Words that say no more than the status does.
const PLAIN = new Set("ok completed error failed cancelled in_progress in_queue queued".split(" "));

/** The sender's own word, where it says more than the status. */
export function ownWord({ status_text: said }: Pick<Training, "status_text">): string | null {
  return said === null || PLAIN.has(said.trim().toLowerCase()) ? null : said;
}

export function isUnderWay({ status }: Pick<Training, "status">): boolean {
  return status === "training";
}

/** When it began, as far as anybody knows. */
export function begunAt({ registered_at: registered, first_seen_at: seen }: Training): string {
  return registered ?? seen;
}

export function pathOf(id: string): string {
  return `/api/v1/trainings/${encodeURIComponent(id)}`;
}

/** A type in words; another one that a sender made up as it is. */
export function typeText(type: string | null, t: (key: string) => string): string {
  const known = TYPES.find((one) => one === type);
  return known === undefined ? (type ?? "–") : t(`trainings.types.${known}`);
}

const FILE_REASONS = [
  "address_refused",
  "unreachable",
  "bad_answer",
  "too_large",
  "timed_out",
  "store_full",
] as const;

/** Why a file could not be had, in words; another reason as the server names it. */
export function fileReasonText(reason: string, t: (key: string) => string): string {
  const known = FILE_REASONS.find((one) => one === reason);
  return known === undefined ? reason : t(`trainings.fileReasons.${known}`);
}

export interface Field {
  /** Where it stands, such as `images.0.url`. */
  name: string;
  text: string;
}

// More than that nobody reads one by one; the whole of it stands below as JSON.
const MOST_FIELDS = 60;

/** What is in `value`, one line a text, number or truth; nothing is left out but by the limit. */
export function fieldsOf(value: unknown): Field[] {
  return leaves(value, "").slice(0, MOST_FIELDS);
}

function leaves(value: unknown, name: string): Field[] {
  if (typeof value !== "object" || value === null) {
    return name === "" ? [] : [{ name, text: value === null ? "–" : String(value) }];
  }
  return Object.entries(value).flatMap(([key, inner]) =>
    leaves(inner, name === "" ? key : `${name}.${key}`),
  );
}

/** Of an event about a training; its type tells more than how things stood after it. */
export function markOfEvent({ type, status }: Pick<TrainingEvent, "type" | "status">): MarkKind {
  const end = /\.(completed|failed|cancelled)$/.exec(type)?.[1];
  if (end !== undefined) {
    return end === "completed" ? "success" : (end as MarkKind);
  }
  return status === null || status === "training" ? "info" : MARKS[status];
}
