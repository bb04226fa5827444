// What is read out of a live run: that it, or a step of it, stands otherwise than before. Pure.

import type { MarkKind } from "@/parts/status.ts";
import { kindIn, type SeenRun } from "@/screens/deployment/steps.ts";

export interface News {
  /** null: the run itself. */
  step: string | null;
  kind: MarkKind;
}

// Whoever listens wants the last word, not a list of fifty.
const MOST = 3;

/** What changed from `before` to `now`, the run itself last. */
export function newsOf(before: SeenRun | null, now: SeenRun): News[] {
  if (before === null || before.run !== now.run) {
    return [];
  }
  const was = new Map(before.steps.map((step) => [step.name, kindIn(before, step)]));
  const steps = now.steps
    .map((step) => ({ step: step.name, kind: kindIn(now, step) }))
    // That nobody told how a step ended is no news of it.
    .filter(({ step, kind }) => was.get(step) !== kind && kind !== "info")
    .slice(-MOST);
  return before.status === now.status ? steps : [...steps, { step: null, kind: now.status }];
}
