// The next error behind a line, and the one before it. The server is asked each time: errors are
// few, and the log may have grown.

import { ERRORS } from "@/log/levels.ts";
import { upperBound } from "@/log/ordinals.ts";
import { readLines, readOutline, type Scope } from "@/log/scope.ts";

/** How far back it is looked line by line. */
const NEAR_LINES = [1_000, 10_000];

/** The line of the next error; null when no further one is in view. */
export async function errorAfter(scope: Scope, line: number): Promise<number | null> {
  const wanted = ofErrors(scope);
  if (wanted === null) {
    return null;
  }
  const { lines } = await readLines(wanted, { from: line + 1 }, 1);
  return lines[0]?.line ?? null;
}

/**
 * The same backwards. Mostly it is near, and found without a walk through the whole log; else the
 * outline's last mark before the line is at most a thousand errors away.
 */
export async function errorBefore(scope: Scope, line: number): Promise<number | null> {
  const wanted = ofErrors(scope);
  if (wanted === null) {
    return null;
  }
  let to = line - 1;
  for (const span of NEAR_LINES) {
    const from = Math.max(1, line - span);
    const found = to < from ? null : await lastOf(wanted, from, to);
    if (found !== null || from === 1) {
      return found;
    }
    to = from - 1;
  }
  const { marks } = await readOutline(wanted);
  const mark = marks[upperBound(marks, to) - 1];
  return mark === undefined ? null : lastOf(wanted, mark, to);
}

async function lastOf(scope: Scope, from: number, to: number): Promise<number | null> {
  const { lines } = await readLines(scope, { from, to }, to - from + 1);
  return lines.at(-1)?.line ?? null;
}

/** The errors among what is in view; null when the filter lets none through. */
function ofErrors(scope: Scope): Scope | null {
  const levels =
    scope.levels.length === 0 ? ERRORS : ERRORS.filter((one) => scope.levels.includes(one));
  return levels.length === 0 ? null : { ...scope, levels };
}
