// What the timeline shows of steps: where their bars stand, which to open, what is odd. Pure.

import type { Attempt, Run, Step, StepStatus } from "@/api/shapes.ts";
import { isOver, kindOfStep, type MarkKind } from "@/parts/status.ts";

/** A step, or one that has not begun yet at the time that is looked at. */
export type SeenStep = Omit<Step, "status"> & { status: StepStatus | "pending" };
export type SeenRun = Omit<Run, "steps"> & { steps: SeenStep[] };

/** A span of time, in milliseconds since 1970. */
export interface Span {
  from: number;
  to: number;
}

/** A bar on the run's axis, in per cent of its length. */
export interface Bar {
  left: number;
  width: number;
  kind: MarkKind;
}

// A difference has to be both noticeable and more than what clocks and scripts differ by.
const ODD_SHARE = 0.5;
const ODD_SECONDS = 3;
const THINNEST = 0.8;
// Words that say no more than the status does; any other one of the sender's is shown.
const PLAIN = new Set(
  " completed success failed failure started in_progress running retrying".split(" "),
);

export function instantOf(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}

/** From the first start to the last end; what goes on reaches to `now`. Null before any start. */
export function spanOf(run: SeenRun, now: number): Span | null {
  const attempts = run.steps.flatMap((step) => step.attempts);
  const starts = [run, ...attempts].map((one) => instantOf(one.started_at)).filter(isKnown);
  const ends = [run, ...attempts].map((one) => instantOf(one.completed_at)).filter(isKnown);
  const goesOn = !isOver(run.status);
  const known = [...starts, ...ends];
  if (known.length === 0) {
    return null;
  }
  const from = known.reduce((least, one) => Math.min(least, one));
  const to = [...known, ...(goesOn ? [now] : [])].reduce((most, one) => Math.max(most, one));
  return { from, to: Math.max(to, from + 1) };
}

/** The bars of a step's attempts on the axis `span`; what goes on reaches to `now`. */
export function barsOf(step: SeenStep, span: Span, now: number): Bar[] {
  const length = span.to - span.from;
  return step.attempts.flatMap((attempt) => {
    const began = instantOf(attempt.started_at) ?? instantOf(attempt.completed_at);
    if (began === null) {
      return [];
    }
    const ended = instantOf(attempt.completed_at) ?? Math.min(Math.max(now, began), span.to);
    const width = Math.max(THINNEST, (100 * (ended - began)) / length);
    const left = Math.min((100 * (began - span.from)) / length, 100 - width);
    return [{ left: Math.max(0, left), width: Math.min(width, 100), kind: kindOfStep(attempt) }];
  });
}

/** How a step is drawn in a run; one whose end was never told does not go on for ever. */
export function kindIn(run: Pick<SeenRun, "status">, step: SeenStep): MarkKind {
  if (step.status === "pending") {
    return "pending";
  }
  return isUntold(run, step) ? "info" : kindOfStep(step as Step);
}

/** Whether the run is over while nobody told how the step ended. */
export function isUntold(run: Pick<SeenRun, "status">, step: SeenStep): boolean {
  return isOver(run.status) && (step.status === "running" || step.status === "retrying");
}

/** The step to look at first: of those that failed, the one that failed first. */
export function firstFailed(steps: readonly SeenStep[]): SeenStep | null {
  const failed = steps.filter((step) => step.status === "failed");
  const byEnd = failed.toSorted(
    (one, other) => (instantOf(one.completed_at) ?? 0) - (instantOf(other.completed_at) ?? 0),
  );
  // A step that somebody cancelled because another failed explains nothing.
  return byEnd.find((step) => kindOfStep(step as Step) === "failed") ?? byEnd[0] ?? null;
}

/** The sender's own word, where it says more than the status. */
export function wordOf(step: Pick<Attempt, "conclusion">): string | null {
  const said = step.conclusion?.trim() ?? "";
  return PLAIN.has(said.toLowerCase()) ? null : said;
}

/** Whether `seconds` differ from what is usual by so much that it is worth a word. */
export function isOdd(seconds: number, usual: number): boolean {
  const difference = Math.abs(seconds - usual);
  return difference >= ODD_SECONDS && difference >= ODD_SHARE * usual;
}

/** Whether `seconds` are more than usual by so much that it is worth a look. */
export function isSlow(seconds: number, usual: number): boolean {
  return seconds > usual && isOdd(seconds, usual);
}

/** Steps whose names hold `text`, whatever its case. */
export function filtered(steps: readonly SeenStep[], text: string): SeenStep[] {
  const wanted = text.trim().toLowerCase();
  return steps.filter((step) => step.name.toLowerCase().includes(wanted));
}

/** The failed step behind `name`, and from the last one the first again; null without any. */
export function nextFailed(steps: readonly SeenStep[], name: string | null): SeenStep | null {
  const at = steps.findIndex((step) => step.name === name);
  const isFailed = (step: SeenStep) => step.status === "failed";
  return steps.slice(at + 1).find(isFailed) ?? steps.find(isFailed) ?? null;
}

export interface Counts {
  all: number;
  ended: number;
  failed: number;
  running: number;
}

export function countsOf(steps: readonly SeenStep[]): Counts {
  const of = (...statuses: SeenStep["status"][]) =>
    steps.filter((step) => statuses.includes(step.status)).length;
  return {
    all: steps.length,
    ended: of("completed", "failed"),
    failed: of("failed"),
    running: of("running", "retrying"),
  };
}

function isKnown(instant: number | null): instant is number {
  return instant !== null && !Number.isNaN(instant);
}
