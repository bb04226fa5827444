// Longer words of the viewer, put together out of the catalogue's.

import type { LogLine } from "@/log/lines.ts";
import { duration, exact } from "@/texts/times.ts";

type Say = (key: string, named: Record<string, unknown>) => string;

/** When the host wrote a line and when Tocsin received it, for hovering. */
export function instantsText(t: Say, line: LogLine): string {
  const said = [t("log.hostTime", { time: withMillis(line.at) })];
  if (line.receivedAt !== null) {
    said.push(t("log.receivedTime", { time: withMillis(line.receivedAt) }));
  }
  if (line.step !== "") {
    said.push(t("log.ofStep", { step: line.step }));
  }
  return said.join("\n");
}

/** How far a host's clock is off. */
export function skewText(t: Say, skew: number): string {
  const amount = duration(Math.abs(skew) / 1000);
  return t(skew > 0 ? "log.skewBehind" : "log.skewAhead", { amount });
}

/** The exact time, and behind it what its style leaves out. */
function withMillis(at: number): string {
  return `${exact(at)} +${at % 1000} ms`;
}
