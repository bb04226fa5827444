// How deliveries stand: which look each needs, and what there is to say of it. Pure.

import type { Delivery, DeliveryKind, Outcome } from "@/api/delivery-shapes.ts";
import type { MarkKind } from "@/parts/status.ts";

/** `held`: it waits, and does not go on by itself. `retrying`: it was tried, and will be again. */
export type Standing = "delivered" | "folded" | "failed" | "waiting" | "retrying" | "held";

export const MARKS: Readonly<Record<Standing, MarkKind>> = {
  delivered: "success",
  folded: "skipped",
  failed: "failed",
  waiting: "pending",
  retrying: "retrying",
  held: "stalled",
};

export const OUTCOME_MARKS: Readonly<Record<Outcome, MarkKind>> = {
  delivered: "success",
  later: "retrying",
  given_up: "failed",
  disabled: "failed",
};

type Told = Pick<Delivery, "state" | "status" | "reason" | "attempts">;

export function standingOf({ state, status, reason, attempts }: Told): Standing {
  if (state === "delivered" || state === "folded") {
    return state;
  }
  if (status === "failed") {
    return reason === "paused" && state === "waiting" ? "held" : "failed";
  }
  return attempts.length > 0 ? "retrying" : "waiting";
}

type Sent = Pick<Delivery, "state" | "kind" | "reason" | "attempts" | "next_at">;

/**
 * Whether it can be sent once more: not while it is on its way, nor by itself within a digest, nor a
 * test. What was tried and waits for its next try can be tried now.
 */
export function maySendAgain({ state, kind, reason, attempts, next_at: at }: Sent, now: number): boolean {
  if (state === "folded" || kind === "test") {
    return false;
  }
  const isAhead = attempts.length > 0 && reason !== "paused" && at !== null && Date.parse(at) > now;
  return state !== "waiting" || isAhead;
}

/** Reasons that are explained in plain words; of others the server's own words are shown. */
const EXPLAINED = [
  "rate_limited",
  "busy",
  "timed_out",
  "unreachable",
  "bad_answer",
  "refused",
  "too_large",
  "bad_signature",
  "bad_credentials",
  "not_allowed",
  "keyword_missing",
  "content_refused",
  "no_recipient",
  "gone",
  "address_refused",
  "bad_field",
  "disabled",
  "paused",
  "expired",
  "not_found",
  "too_many_waiting",
  "broken",
] as const;

/** Of these it is said that a further try follows, which is so only while it is under way. */
const REPEATED = ["rate_limited", "busy", "timed_out", "unreachable", "not_found"] as const;

type Explained = (typeof EXPLAINED)[number];

export function explained(reason: string | null): Explained | null {
  return EXPLAINED.find((one) => one === reason) ?? null;
}

/** The key of the text that says what to do; `isOver`: it is not tried again by itself. */
export function todoKey(reason: Explained, isOver: boolean): string {
  const isRepeated = REPEATED.some((one) => one === reason);
  return `deliveries.why.${reason}.${isOver && isRepeated ? "over" : "todo"}`;
}

/** What it carries, where that is no event. */
export function isSpecial(kind: DeliveryKind): kind is "digest" | "test" {
  return kind !== "event";
}
