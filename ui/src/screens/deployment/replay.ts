// A run as it stood at an earlier time, read off what is known of it now. Pure.

import type { Attempt, DeploymentStatus, Run, Step } from "@/api/shapes.ts";
import { instantOf, type SeenRun, type SeenStep, type Span } from "@/screens/deployment/steps.ts";

/** The run at the instant `at`, in milliseconds; steps that had not begun are pending. */
export function asOf(run: Run, at: number): SeenRun {
  const steps = run.steps.map((step) => stepAsOf(step, at));
  const status = statusAt(run, at);
  const isEnded = status === run.status && run.completed_at !== null;
  return {
    ...run,
    steps,
    status,
    conclusion: isEnded ? run.conclusion : null,
    started_at: status === "pending" ? null : run.started_at,
    completed_at: isEnded ? run.completed_at : null,
    duration: isEnded ? run.duration : secondsSince(run.started_at, at),
    progress: isEnded ? run.progress : progressOf(steps),
    figures: isEnded ? run.figures : { ...run.figures, sent: null, agree: null },
  };
}

/** The instants at which a step or the run began or ended, in order, each once. */
export function momentsOf(run: Run): number[] {
  const told = [run, ...run.steps.flatMap((step) => step.attempts)]
    .flatMap((one) => [instantOf(one.started_at), instantOf(one.completed_at)])
    .filter((instant) => instant !== null);
  return [...new Set(told)].sort((one, other) => one - other);
}

/** Where a replay begins and ends: what goes on ends at `heardAt`. Null when no time is known. */
export function replaySpan(run: Run, heardAt: number): Span | null {
  const moments = momentsOf(run);
  const [from] = moments;
  if (from === undefined) {
    return null;
  }
  const last = moments.at(-1) ?? from;
  return { from, to: Math.max(last, run.completed_at === null ? heardAt : last, from + 1) };
}

/** The moment next to `at`, before (-1) or after (1) it; null when there is none. */
export function nextMoment(moments: readonly number[], at: number, way: 1 | -1): number | null {
  const found =
    way === 1 ? moments.find((one) => one > at) : moments.findLast((one) => one < at);
  return found ?? null;
}

/** The run that was under way at `at`, or the last to begin before; null when none had begun. */
export function runAt(runs: readonly Run[], at: number): Run | null {
  return (
    runs.findLast((run) => {
      const from = momentsOf(run)[0];
      return from !== undefined && from <= at;
    }) ?? null
  );
}

function statusAt(run: Run, at: number): DeploymentStatus {
  if ((instantOf(run.started_at) ?? momentsOf(run)[0] ?? at) > at) {
    return "pending";
  }
  const ended = instantOf(run.completed_at);
  return ended !== null && ended <= at ? run.status : "running";
}

function stepAsOf(step: Step, at: number): SeenStep {
  const begins = beginsOf(step.attempts);
  const begun = step.attempts.filter((_, number) => (begins[number] ?? 0) <= at);
  const attempts = begun.map((attempt) => attemptAsOf(attempt, at));
  const last = attempts.at(-1);
  if (last === undefined) {
    const nothing = { conclusion: null, started_at: null, completed_at: null, duration: null };
    return { ...step, ...nothing, status: "pending", attempts: [] };
  }
  if (begun.length === step.attempts.length && last === begun.at(-1)) {
    return step;
  }
  const startedAt = attempts.find((attempt) => attempt.started_at !== null)?.started_at ?? null;
  const upTo = last.completed_at === null ? at : Date.parse(last.completed_at);
  return {
    ...step,
    status: last.status,
    conclusion: last.conclusion,
    started_at: startedAt,
    completed_at: last.completed_at,
    duration: attempts.length === 1 ? last.duration : secondsSince(startedAt, upTo),
    attempts,
  };
}

/** The attempt itself once it was over, else one that is under way. */
function attemptAsOf(attempt: Attempt, at: number): Attempt {
  const ended = instantOf(attempt.completed_at);
  if (ended !== null && ended <= at) {
    return attempt;
  }
  return {
    ...attempt,
    status: "running",
    conclusion: null,
    completed_at: null,
    duration: secondsSince(attempt.started_at, at),
  };
}

/**
 * When each began. One of which only the end was told begins there, one without any time when the
 * attempt before it was over: then it was announced.
 */
function beginsOf(attempts: readonly Attempt[]): number[] {
  let before = -Infinity;
  return attempts.map((attempt) => {
    const ended = instantOf(attempt.completed_at);
    const began = instantOf(attempt.started_at) ?? ended ?? before;
    before = ended ?? began;
    return began;
  });
}

function secondsSince(started: string | null, at: number): number | null {
  const from = instantOf(started);
  return from === null ? null : Math.max(0, at - from) / 1000;
}

function progressOf(steps: readonly SeenStep[]): number {
  const ended = steps.filter((step) => step.completed_at !== null).length;
  return steps.length === 0 ? 0 : Math.floor((100 * ended) / steps.length);
}
