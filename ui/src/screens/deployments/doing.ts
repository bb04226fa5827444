// What a deployment is doing, or why it ended as it did, in a line. Pure but for the language.

import type { Summary } from "@/api/shapes.ts";
import { wordKey } from "@/parts/sender-words.ts";
import { isOver } from "@/parts/status.ts";
import { duration } from "@/texts/times.ts";

export interface Doing {
  /** What counts most: the step it is in, or those that failed. */
  lead: string;
  rest: string;
}

type Tell = (key: string, named?: Record<string, unknown>, plural?: number) => string;

/**
 * `failedSteps` are told apart only for what failed; `now` gives milliseconds since 1970, and is
 * asked only where it matters, so that a row which stands still is not drawn anew each second.
 */
export function doingOf(
  deployment: Summary,
  failedSteps: readonly string[],
  now: () => number,
  tell: Tell,
): Doing {
  const { status, steps_known: known, current_step: step } = deployment;
  if (deployment.stalled) {
    // In whole minutes: after so long seconds say nothing.
    const minutes = Math.max(0, Math.floor((now() - Date.parse(deployment.last_seen_at)) / 60_000));
    const age = duration(minutes * 60);
    return { lead: step ?? "", rest: tell("deployments.doing.silent", { age }) };
  }
  if (status === "failed") {
    return failure(deployment, failedSteps, tell);
  }
  if (!isOver(status)) {
    const otherwise = known === 0 ? "begun" : "between";
    const rest = tell(`deployments.doing.${status === "pending" ? "pending" : otherwise}`);
    return step === null ? { lead: "", rest } : { lead: step, rest: "" };
  }
  return { lead: "", rest: ownWord(deployment, tell) ?? deployment.workflow_name ?? "" };
}

function failure(deployment: Summary, failedSteps: readonly string[], tell: Tell): Doing {
  const { steps_failed: failed } = deployment;
  const message = deployment.error_message?.trim().split("\n")[0] ?? ownWord(deployment, tell) ?? "";
  if (failedSteps.length > 0) {
    return { lead: failedSteps.join(", "), rest: message };
  }
  const counted = failed === 0 ? "" : tell("deployments.doing.failedSteps", { n: failed }, failed);
  return { lead: "", rest: message || counted || tell("deployments.doing.failed") };
}

const PLAIN_WORDS = ["success", "failure", "failed", "cancelled", "completed", "error"];

/** The sender's word for the end, when it says more than the status. */
function ownWord({ conclusion }: Summary, tell: Tell): string | null {
  if (conclusion === null || PLAIN_WORDS.includes(conclusion.toLowerCase())) {
    return null;
  }
  const key = wordKey(conclusion);
  return key === null ? conclusion : tell(key);
}
