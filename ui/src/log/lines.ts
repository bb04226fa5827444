// A log line as the viewer keeps it: instants as numbers, and of a huge text only its begin. Pure.

import type { Line } from "@/api/shapes.ts";

/** What is kept of a line's text, in characters; the rest is read again when somebody wants it. */
export const KEPT_CHARS = 64 * 1024;
/** What a row shows of it before somebody asks for more. */
export const SHOWN_CHARS = 2_000;

export interface LogLine {
  line: number;
  /** The host's time and Tocsin's, in milliseconds since 1970. */
  at: number;
  receivedAt: number | null;
  level: string;
  step: string;
  text: string;
  /** How long the whole text is. */
  chars: number;
}

/** What of an answer of the API stays in memory. */
export function keptLine(line: Line): LogLine {
  return {
    line: line.line,
    at: Date.parse(line.at),
    receivedAt: line.received_at === null ? null : Date.parse(line.received_at),
    level: line.level,
    step: line.step,
    text: keptText(line.text),
    chars: line.text.length,
  };
}

/** What a line costs in memory, in characters: its text, and about as much for the rest. */
export function costOf(line: LogLine): number {
  return line.text.length + 100;
}

function keptText(text: string): string {
  if (text.length <= KEPT_CHARS) {
    return text;
  }
  // Of a progress bar that wrote over itself a thousand times the last state counts.
  const at = text.lastIndexOf("\r", text.length - 2) + 1;
  const begin = text.length - at <= KEPT_CHARS ? at : 0;
  // A slice would keep the whole text in memory; what was coded and decoded does not.
  const bytes = new TextEncoder().encode(text.slice(begin, begin + KEPT_CHARS));
  return new TextDecoder().decode(bytes);
}
