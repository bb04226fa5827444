// When to come back after a lost line. Pure.

const FIRST_MS = 250;
// 2**20 first pauses are far above any ceiling.
const MAX_DOUBLINGS = 20;

/**
 * Milliseconds to wait after `failures` failures in a row; `chance` is from 0 up to 1.
 *
 * Full jitter, because clients that lost the same server at the same moment must not come back
 * at the same moment (AWS Architecture Blog, Exponential Backoff And Jitter, 2015).
 */
export function pauseMs(failures: number, chance: number, ceilingMs: number): number {
  const doublings = Math.min(Math.max(failures - 1, 0), MAX_DOUBLINGS);
  return Math.round(Math.min(ceilingMs, FIRST_MS * 2 ** doublings) * chance);
}

/** Whether a server that closed with `code` would do the same again: 4500-4999 say so. */
export function isFinal(code: number): boolean {
  return code >= 4500 && code <= 4999;
}
