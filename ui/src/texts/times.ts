// Times, durations and sizes as the viewer's language writes them. Pure but for the language.

import { dateTag, tag } from "@/texts/index.ts";

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** "3 minutes ago"; what is less than 5 s away is "now". */
export function relative(at: number, now: number): string {
  const format = new Intl.RelativeTimeFormat(tag.value, { numeric: "auto", style: "short" });
  const seconds = Math.round((at - now) / 1000);
  if (Math.abs(seconds) < 5) {
    return format.format(0, "second");
  }
  const [unit, size] = STEPS.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  return format.format(Math.trunc(seconds / size), unit);
}

/** The instant to the second in the viewer's zone, which is named. */
export function exact(at: number): string {
  return new Intl.DateTimeFormat(dateTag.value, {
    dateStyle: "medium",
    timeStyle: "long",
  }).format(at);
}

/** The day and the minute. */
export function dayAndTime(at: number): string {
  return new Intl.DateTimeFormat(dateTag.value, { dateStyle: "short", timeStyle: "short" }).format(at);
}

/** "1 h 4 min", "42 s", "0.3 s": two units at most. */
export function duration(seconds: number): string {
  if (seconds < 60) {
    return unit(seconds < 10 ? Math.round(seconds * 10) / 10 : Math.floor(seconds), "second");
  }
  const whole = Math.floor(seconds);
  const [large, small, each]: [string, string, number] =
    whole >= 86_400
      ? ["day", "hour", 86_400]
      : whole >= 3_600
        ? ["hour", "minute", 3_600]
        : ["minute", "second", 60];
  const of = { day: 86_400, hour: 3_600, minute: 60, second: 1 } as Record<string, number>;
  const first = Math.floor(whole / each);
  const rest = Math.floor((whole % each) / (of[small] as number));
  return rest === 0 ? unit(first, large) : `${unit(first, large)} ${unit(rest, small)}`;
}

/** "84 ms", and from a second on as other durations. */
export function milliseconds(count: number): string {
  return count < 1000 ? unit(Math.round(count), "millisecond") : duration(count / 1000);
}

/** "30 days". */
export function days(count: number): string {
  return new Intl.NumberFormat(tag.value, {
    style: "unit",
    unit: "day",
    unitDisplay: "long",
  }).format(count);
}

/** "31 Jan" for 2024-01-31. */
export function shortDay(day: string): string {
  return ofUtc(day, { day: "numeric", month: "short" });
}

export function wholeDay(day: string): string {
  return ofUtc(day, { weekday: "short", day: "numeric", month: "short", year: "numeric" });
}

// The server counts by days of UTC, whatever zone the viewer is in.
function ofUtc(day: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(tag.value, { ...options, timeZone: "UTC" }).format(Date.parse(day));
}

export function number(value: number): string {
  return new Intl.NumberFormat(tag.value).format(value);
}

export function percent(share: number): string {
  const digits = share > 0.99 && share < 1 ? 1 : 0;
  return new Intl.NumberFormat(tag.value, {
    style: "percent",
    maximumFractionDigits: digits,
  }).format(digits === 1 ? Math.floor(share * 1000) / 1000 : share);
}

/** "3.4 MB", in steps of 1,000. */
export function bytes(count: number): string {
  const names = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  const power = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), names.length - 1);
  const value = count / 1000 ** power;
  return new Intl.NumberFormat(tag.value, {
    style: "unit",
    unit: names[power] as string,
    unitDisplay: "short",
    maximumFractionDigits: value < 10 ? 1 : 0,
  }).format(value);
}

function unit(value: number, name: string): string {
  return new Intl.NumberFormat(tag.value, {
    style: "unit",
    unit: name,
    unitDisplay: "short",
    maximumFractionDigits: 1,
  }).format(value);
}
