// Where the lines of a chart's axis stand: at numbers that people would choose. Pure.

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

// Steps that read well as durations, in seconds.
const DURATION_STEPS = [
  0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30,
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 4, 6, 12].map((hours) => hours * HOUR),
];

/** From 0 to the first line that is not below `most`, with about `lines` lines. */
export function durationTicks(most: number, lines = 4): number[] {
  const wanted = most / lines;
  const step = DURATION_STEPS.find((one) => one >= wanted) ?? Math.ceil(wanted / DAY) * DAY;
  return ticks(step, most);
}

/** The same for whole numbers. */
export function countTicks(most: number, lines = 3): number[] {
  const wanted = Math.max(1, most / lines);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= wanted) ?? wanted;
  return ticks(step, most);
}

function ticks(step: number, most: number): number[] {
  const count = Math.max(1, Math.ceil(most / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** Which of `count` days are named below a chart that has room for so many names. */
export function namedDays(count: number, room: number): number[] {
  const step = [1, 2, 7, 14, 30].find((days) => count / days <= room) ?? 30;
  // Counted from the last day, today, which is always named.
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => count - 1 - index * step).reverse();
}
