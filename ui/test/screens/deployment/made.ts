// Runs, steps and attempts for the tests of the deployment's screen.

import type { Attempt, Run, Step } from "@/api/shapes.ts";

/** The instant `seconds` after the run's first one. */
export function at(seconds: number): string {
  return new Date(ms(seconds)).toISOString();
}

export function ms(seconds: number): number {
  return Date.UTC(2026, 0, 1, 12) + seconds * 1000;
}

export function attempt(
  number: number,
  from: number | null,
  to: number | null,
  status: Attempt["status"] = to === null ? "running" : "completed",
): Attempt {
  return {
    attempt: number,
    status,
    conclusion: status,
    started_at: from === null ? null : at(from),
    completed_at: to === null ? null : at(to),
    duration: from === null || to === null ? null : to - from,
  };
}

export function step(name: string, ...attempts: Attempt[]): Step {
  const [first] = attempts;
  const last = attempts.at(-1) ?? attempt(1, null, null);
  return { ...last, name, run: 1, started_at: first?.started_at ?? null, attempts };
}

export function run(status: Run["status"], from: number, to: number | null, steps: Step[]): Run {
  return {
    run: 1,
    status,
    conclusion: status,
    started_at: at(from),
    completed_at: to === null ? null : at(to),
    duration: to === null ? null : to - from,
    progress: 100,
    steps,
    figures: { sent: { steps_count: 2 }, seen: { steps_count: 2 }, agree: true },
  };
}
