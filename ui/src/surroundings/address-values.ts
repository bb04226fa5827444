// What stands in an address behind its "?": values by name, and how far back one looks. Pure.

import type { LocationQuery } from "vue-router";

/** How far back, in milliseconds. */
export const SPANS = {
  "15m": 900_000,
  "1h": 3_600_000,
  "24h": 86_400_000,
  "7d": 604_800_000,
} as const;
export type Span = keyof typeof SPANS;

const MINUTE_MS = 60_000;

/** All values of a name, each once; empty ones count as absent. */
export function valuesOf(said: LocationQuery, name: string): string[] {
  const value = said[name];
  const values = Array.isArray(value) ? value : [value];
  return [...new Set(values.filter((text): text is string => Boolean(text)))];
}

/** The first value of a name, "" when there is none. */
export function valueOf(said: LocationQuery, name: string): string {
  return valuesOf(said, name)[0] ?? "";
}

/** The value of a name if it is one of `allowed`, else null. */
export function oneOf<T extends string>(
  said: LocationQuery,
  name: string,
  allowed: readonly T[],
): T | null {
  const value = valueOf(said, name);
  return allowed.find((one) => one === value) ?? null;
}

/** When a span begins, RFC 3339: with its minute, so that it stays a while. */
export function sinceOf(span: Span | null, now: number): string | null {
  return span === null
    ? null
    : new Date(Math.floor((now - SPANS[span]) / MINUTE_MS) * MINUTE_MS).toISOString();
}
