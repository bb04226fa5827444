// What part of which log is looked at, and the calls that read it.

import { address, read, type Query } from "@/api/call.ts";
import type { Found, LinesPage, Outline } from "@/api/shapes.ts";
import { keptLine, type LogLine } from "@/log/lines.ts";
import { under } from "@/surroundings/prefix.ts";

export interface Scope {
  id: string;
  project: string;
  /** Null, and no levels: the whole log. */
  run: number | null;
  step: string | null;
  levels: readonly string[];
}

export interface Pattern {
  text: string;
  isCase: boolean;
  isRegex: boolean;
}

/** As many lines as one answer may hold. */
export const MOST_LINES = 1_000;

export function isWhole({ run, step, levels }: Scope): boolean {
  return run === null && step === null && levels.length === 0;
}

export function pathOf({ id }: Scope, part = ""): string {
  return `/api/v1/deployments/${encodeURIComponent(id)}/logs${part}`;
}

export function queryOf({ project, run, step, levels }: Scope): Query {
  return { project, run, step, level: levels };
}

/**
 * The lines from one on, up to `most` of them. The server ends an answer early when its lines are
 * long, so that it may take several.
 */
export async function readLines(
  scope: Scope,
  span: { from: number; to?: number },
  most: number,
  signal?: AbortSignal,
): Promise<{ lines: LogLine[]; isMore: boolean }> {
  const lines: LogLine[] = [];
  let from = span.from;
  let isMore = true;
  while (isMore && lines.length < most) {
    const limit = Math.min(MOST_LINES, most - lines.length);
    const query = { ...queryOf(scope), from_line: from, to_line: span.to, limit };
    const page = await read<LinesPage>(pathOf(scope), { ...query, with_total: false }, signal);
    lines.push(...page.items.map(keptLine));
    isMore = page.next_cursor !== null && page.items.length > 0;
    from = (lines.at(-1)?.line ?? from) + 1;
  }
  return { lines, isMore };
}

export function readOutline(scope: Scope, signal?: AbortSignal): Promise<Outline> {
  return read<Outline>(pathOf(scope, "/outline"), queryOf(scope), signal);
}

/** One slice of a search. */
export function readFound(
  scope: Scope,
  pattern: Pattern,
  after: number,
  signal: AbortSignal,
): Promise<Found> {
  const query = {
    ...queryOf(scope),
    q: pattern.text,
    case: pattern.isCase,
    regex: pattern.isRegex,
    after_line: after,
  };
  return read<Found>(pathOf(scope, "/search"), query, signal);
}

/** The whole text of one line, however long. */
export async function readWhole(scope: Scope, line: number): Promise<string> {
  const query = { project: scope.project, from_line: line, to_line: line, with_total: false };
  const page = await read<LinesPage>(pathOf(scope), query);
  return page.items[0]?.text ?? "";
}

/** Where the lines can be downloaded, with colours or without. */
export function downloadOf(scope: Scope, hasColours: boolean, span: Query = {}): string {
  const query = { ...queryOf(scope), ...span, format: "text", colours: hasColours };
  return under(address(pathOf(scope), query));
}

/** Lines as plain text, to copy. */
export async function readText(scope: Scope, from: number, to: number): Promise<string> {
  const link = downloadOf(scope, false, { from_line: from, to_line: to });
  const response = await fetch(link, { credentials: "same-origin" });
  if (!response.ok) {
    throw new Error(`HTTP ${response.status}`);
  }
  return (await response.text()).replace(/\n$/, "");
}
