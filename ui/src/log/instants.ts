// Times of lines, as the log's narrow column shows them. Pure.

export const TIME_MODES = ["off", "relative", "local", "utc"] as const;
export type TimeMode = (typeof TIME_MODES)[number];

/** A host whose clock is as far off, or whose lines come as late, is worth a word. */
export const SKEW_MS = 5_000;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export function nextMode(mode: TimeMode): TimeMode {
  return TIME_MODES[(TIME_MODES.indexOf(mode) + 1) % TIME_MODES.length] as TimeMode;
}

/** How a line's time is written; with its day where a log goes over several. */
export function timeText(at: number, mode: TimeMode, start: number, hasDays: boolean): string {
  switch (mode) {
    case "off":
      return "";
    case "relative":
      return since(at - start);
    case "local":
      return clockText(at - zoneOf(at), hasDays);
    case "utc":
      return `${clockText(at, hasDays)}Z`;
  }
}

/** How many characters wide the column is. */
export function timeWidth(mode: TimeMode, hasDays: boolean): number {
  if (mode === "off" || mode === "relative") {
    return mode === "off" ? 0 : 10;
  }
  return (hasDays ? 18 : 12) + (mode === "utc" ? 1 : 0);
}

/** Whether two instants are on different days where the viewer is, or a day apart. */
export function areDaysApart(one: number, other: number): boolean {
  const day = (at: number): number => Math.floor((at - zoneOf(at)) / DAY_MS);
  return day(one) !== day(other);
}

interface Timed {
  at: number;
  receivedAt: number | null;
}

/** The shortest time that one of the lines took to Tocsin, by both clocks; else Infinity. */
export function leastDelayOf(lines: Iterable<Timed>): number {
  let least = Infinity;
  for (const { at, receivedAt } of lines) {
    least = receivedAt === null ? least : Math.min(least, receivedAt - at);
  }
  return least;
}

/**
 * How far a host's clock is behind (+) or ahead (-) of Tocsin's, at most: lines come late for many
 * reasons and too early for one, so the least delay counts. Null: nothing to speak of.
 */
export function skewOf(leastDelay: number): number | null {
  return Number.isFinite(leastDelay) && Math.abs(leastDelay) > SKEW_MS ? leastDelay : null;
}

function since(span: number): string {
  const sign = span < 0 ? "−" : "+";
  const text = new Date(Math.abs(span)).toISOString();
  const hours = Math.floor(Math.abs(span) / HOUR_MS);
  const rest = text.slice(14, 23);
  return `${sign}${hours === 0 ? rest.replace(/^0/, "") : `${hours}:${rest}`}`;
}

function clockText(at: number, hasDays: boolean): string {
  return new Date(at).toISOString().slice(hasDays ? 5 : 11, 23).replace("T", " ");
}

function zoneOf(at: number): number {
  return new Date(at).getTimezoneOffset() * 60_000;
}
