// The lines of the part of the log that is looked at: how many, the ones in view, and new ones.

import { computed, onScopeDispose, type Ref, ref, shallowRef, watch } from "vue";
import { Problem } from "@/api/call.ts";
import type { LineAddress } from "@/log/address.ts";
import type { LogLine } from "@/log/lines.ts";
import {
  allLines,
  extended,
  firstLineOf,
  ofOutline,
  type Ordinals,
  pageOfLine,
  upperBound,
} from "@/log/ordinals.ts";
import { Pacer } from "@/log/pacing.ts";
import { Pages } from "@/log/pages.ts";
import { isWhole, MOST_LINES, readLines, readOutline, type Scope } from "@/log/scope.ts";

/** Between two readings of the tail, and of the outline while nobody looks at the tail. */
const TAIL_PAUSE_MS = 100;
const OUTLINE_PAUSE_MS = 3_000;
const RETRY_MS = 3_000;

export interface Lines {
  total: Readonly<Ref<number>>;
  /** A new number each time when lines came or could not be had. */
  version: Readonly<Ref<number>>;
  isLoading: Readonly<Ref<boolean>>;
  /** Why how many lines there are cannot be told. */
  problem: Readonly<Ref<Problem | null>>;
  /** New lines could not be read; it is tried again. */
  isTailLost: Readonly<Ref<boolean>>;
  lineAt: (row: number) => LogLine | null;
  /** The lines around a row that could not be read. */
  gapAt: (row: number) => LineAddress | null;
  /** The lines in memory around those in view. */
  seen: () => LogLine[];
  want: (first: number, last: number) => void;
  retry: () => void;
  again: () => Promise<void>;
  /** The row of a line, or of the next line that is in view. */
  rowOf: (line: number) => Promise<number>;
  /** Something is new; resolves when it was read, if the tail is looked at. */
  ring: () => Promise<void>;
}

/**
 * @param isTailWanted whether new lines are to be shown as they come
 * @param upTo the last line to show, when a former moment is looked at; null: no limit
 */
export function useLines(
  scope: () => Scope,
  totalLines: () => number,
  isTailWanted: () => boolean,
  upTo: () => number | null,
): Lines {
  const ordinals = shallowRef<Ordinals>(allLines(0));
  const clipped = ref<number | null>(null);
  const version = ref(0);
  const isLoading = ref(true);
  const problem = shallowRef<Problem | null>(null);
  const isTailLost = ref(false);
  let stop = new AbortController();
  let pages = pagesOf(scope());
  let looked = 0;
  const pacer = new Pacer(
    () => (isTailWanted() ? readTail : renewOutline)(stop.signal),
    () => (isTailWanted() ? TAIL_PAUSE_MS : OUTLINE_PAUSE_MS),
  );

  function pagesOf(part: Scope): Pages {
    return new Pages(
      ordinals.value,
      async (from, most, signal) => (await readLines(part, { from }, most, signal)).lines,
      () => {
        version.value += 1;
      },
    );
  }

  function set(now: Ordinals): void {
    ordinals.value = now;
    pages.grow(now);
  }

  async function again(): Promise<void> {
    stop.abort();
    stop = new AbortController();
    pacer.stop();
    looked = 0;
    pages.stop();
    const part = scope();
    ordinals.value = allLines(isWhole(part) ? totalLines() : 0);
    pages = pagesOf(part);
    problem.value = null;
    isTailLost.value = false;
    isLoading.value = !isWhole(part);
    version.value += 1;
    if (!isWhole(part)) {
      await renewOutline(stop.signal);
    }
    await clip();
  }

  /** Hide the rows behind the last line that is to be shown. */
  async function clip(): Promise<void> {
    const line = upTo();
    const page = line === null ? 0 : pageOfLine(line, ordinals.value);
    const rows = line === null ? null : await rowsThrough(line, page);
    if (upTo() === line) {
      clipped.value = rows;
      version.value += 1;
    }
  }

  async function rowsThrough(line: number, page: number): Promise<number> {
    const { marks, pageRows, total } = ordinals.value;
    if (marks === null) {
      return Math.min(line, total);
    }
    const numbers = (await pages.load(page)).map((one) => one.line);
    return page * pageRows + upperBound(numbers, line);
  }

  async function renewOutline(signal: AbortSignal): Promise<void> {
    const part = scope();
    try {
      const outline = await readOutline(part, signal);
      if (!signal.aborted) {
        const total = Math.max(outline.total, ordinals.value.total);
        set(isWhole(part) ? allLines(total) : ofOutline(outline));
        problem.value = null;
        version.value += 1;
      }
    } catch (error) {
      if (!signal.aborted) {
        problem.value = error instanceof Problem ? error : new Problem(0, "fault", String(error));
      }
    } finally {
      if (!signal.aborted) {
        isLoading.value = false;
      }
    }
  }

  async function ring(): Promise<void> {
    if (isLoading.value || upTo() !== null) {
      return;
    }
    if (isTailWanted() || !isWhole(scope())) {
      await pacer.ring();
    } else if (totalLines() > ordinals.value.total) {
      set(allLines(totalLines()));
    }
  }

  /** What is behind the last line; of a flood only its end, the rest when somebody looks. */
  async function readTail(signal: AbortSignal): Promise<void> {
    try {
      // What was looked through in vain need not be again.
      const known = isWhole(scope()) ? 0 : totalLines();
      const from = Math.max(ordinals.value.lastLine, looked) + 1;
      const found = await readLines(scope(), { from }, MOST_LINES, signal);
      if (signal.aborted) {
        return;
      }
      if (!found.isMore) {
        took(found.lines);
      }
      isTailLost.value = false;
      looked = found.isMore ? looked : Math.max(looked, known);
      if (found.isMore) {
        await leap(signal);
      }
    } catch {
      if (!signal.aborted) {
        isTailLost.value = true;
        pacer.soon(RETRY_MS);
      }
    }
  }

  /** Of a flood its end is read before it is shown; the rest is read when somebody looks there. */
  async function leap(signal: AbortSignal): Promise<void> {
    const part = scope();
    const outline = await readOutline(part, signal);
    const now = isWhole(part) ? allLines(outline.total) : ofOutline(outline);
    const page = Math.max(0, Math.ceil(now.total / now.pageRows) - 2);
    const first = page * now.pageRows;
    const span = { from: firstLineOf(page, now), to: now.lastLine };
    const { lines } = await readLines(part, span, now.total - first, signal);
    if (!signal.aborted) {
      set(now);
      pages.append(first, lines);
      version.value += 1;
    }
  }

  function took(lines: readonly LogLine[]): void {
    const fresh = lines.filter((line) => line.line > ordinals.value.lastLine);
    if (fresh.length > 0) {
      const before = ordinals.value.total;
      set(
        extended(
          ordinals.value,
          fresh.map((line) => line.line),
        ),
      );
      pages.append(before, fresh);
      version.value += 1;
    }
  }

  async function rowOf(line: number): Promise<number> {
    const page = pageOfLine(line, ordinals.value);
    const { marks, pageRows, total } = ordinals.value;
    if (marks === null) {
      return Math.min(Math.max(0, line - 1), Math.max(0, total - 1));
    }
    const lines = await pages.load(page);
    const at = upperBound(
      lines.map((one) => one.line),
      line - 1,
    );
    return Math.min(page * pageRows + at, Math.max(0, total - 1));
  }

  watch(
    () => JSON.stringify(scope()),
    () => void again(),
  );
  watch(upTo, (to) => {
    void clip();
    void (to === null ? ring() : undefined);
  });
  watch(totalLines, () => void ring());
  watch(isTailWanted, (isOn) => isOn && void ring());
  onScopeDispose(() => {
    stop.abort();
    pacer.stop();
    pages.stop();
  });
  void again();
  return {
    total: computed(() => Math.min(clipped.value ?? Infinity, ordinals.value.total)),
    version,
    isLoading,
    problem,
    isTailLost,
    lineAt: (row) => pages.lineAt(row),
    gapAt: (row) => pages.gapAt(row),
    seen: () => pages.seen(),
    want: (first, last) => pages.want(first, last),
    retry: () => pages.retry(),
    again,
    rowOf,
    ring,
  };
}
