// The pages of lines that are in memory: read when they come into view, forgotten when they have
// been out of it for long. Holds no state of the screen.

import type { LineAddress } from "@/log/address.ts";
import { costOf, type LogLine } from "@/log/lines.ts";
import { type Ordinals, firstLineOf, rowsOf } from "@/log/ordinals.ts";

/** Characters kept, of texts and of what belongs to them. */
export const MOST_CHARS = 8_000_000;
const AT_ONCE = 2;
// While somebody drags the scroll bar, pages fly by that nobody will read.
const PAUSE_MS = 40;

export type ReadPage = (from: number, most: number, signal: AbortSignal) => Promise<LogLine[]>;

interface Page {
  lines: LogLine[];
  cost: number;
  failure: unknown;
}

export class Pages {
  readonly #read: ReadPage;
  readonly #onChange: () => void;
  readonly #pages = new Map<number, Page>();
  readonly #running = new Map<number, AbortController>();
  readonly #fills = new Map<number, Promise<void>>();
  #ordinals: Ordinals;
  #wanted: number[] = [];
  #cost = 0;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #startedAt = -PAUSE_MS;

  constructor(ordinals: Ordinals, read: ReadPage, onChange: () => void) {
    this.#ordinals = ordinals;
    this.#read = read;
    this.#onChange = onChange;
  }

  get cost(): number {
    return this.#cost;
  }

  lineAt(row: number): LogLine | null {
    const { pageRows } = this.#ordinals;
    return this.#pages.get(Math.floor(row / pageRows))?.lines[row % pageRows] ?? null;
  }

  linesOf(page: number): readonly LogLine[] {
    return this.#pages.get(page)?.lines ?? [];
  }

  /** The lines of the pages that are in view. */
  seen(): LogLine[] {
    return this.#wanted.flatMap((page) => this.#pages.get(page)?.lines ?? []);
  }

  /** The lines around this row that could not be read; null when they could, or may yet. */
  gapAt(row: number): LineAddress | null {
    const { pageRows, marks, lastLine } = this.#ordinals;
    const number = Math.floor(row / pageRows);
    const page = this.#pages.get(number);
    if (!page?.failure || row % pageRows < page.lines.length) {
      return null;
    }
    const from = page.lines.at(-1)?.line ?? firstLineOf(number, this.#ordinals) - 1;
    const next = marks === null ? (number + 1) * pageRows + 1 : (marks[number + 1] ?? Infinity);
    return { from: from + 1, to: Math.min(next - 1, lastLine) };
  }

  /** There may be more rows by now. */
  grow(ordinals: Ordinals): void {
    this.#ordinals = ordinals;
  }

  /** Put lines behind the last row, as long as nothing is missing before them. */
  append(row: number, lines: readonly LogLine[]): void {
    const { pageRows } = this.#ordinals;
    lines.forEach((line, at) => {
      const page = Math.floor((row + at) / pageRows);
      const place = (row + at) % pageRows;
      const there = this.#pages.get(page) ?? (place === 0 ? this.#begin(page) : undefined);
      if (there !== undefined && there.lines.length === place) {
        there.lines.push(line);
        this.#charge(there, costOf(line));
      }
    });
    this.#forget();
  }

  /** Have the pages of these rows read; those no longer wanted are no longer read. */
  want(first: number, last: number): void {
    const { pageRows } = this.#ordinals;
    const [from, to] = [Math.floor(first / pageRows), Math.floor(Math.max(first, last) / pageRows)];
    this.#wanted = Array.from({ length: to - from + 1 }, (_, at) => from + at);
    for (const [page, running] of this.#running) {
      if (!this.#wanted.includes(page)) {
        running.abort();
        this.#running.delete(page);
        this.#fills.delete(page);
      }
    }
    for (const page of this.#wanted) {
      const there = this.#pages.get(page);
      if (there !== undefined) {
        this.#pages.delete(page);
        this.#pages.set(page, there);
      }
    }
    this.#startSoon();
  }

  /** Read this page now, and give its lines. */
  async load(page: number): Promise<readonly LogLine[]> {
    await this.#fills.get(page);
    // What was read for the view may have been given up.
    if (this.#isMissing(page)) {
      await this.#fill(page, new AbortController().signal);
    }
    return this.linesOf(page);
  }

  /** Try once more what could not be read. */
  retry(): void {
    for (const page of this.#pages.values()) {
      page.failure = null;
    }
    this.#onChange();
    this.#startSoon();
  }

  stop(): void {
    clearTimeout(this.#pause);
    for (const running of this.#running.values()) {
      running.abort();
    }
    this.#running.clear();
  }

  #isMissing(page: number): boolean {
    const there = this.#pages.get(page);
    return (there?.lines.length ?? 0) < rowsOf(page, this.#ordinals) && !there?.failure;
  }

  #startSoon(): void {
    const wait = this.#startedAt + PAUSE_MS - performance.now();
    if (wait <= 0) {
      this.#start();
    } else {
      this.#pause ??= setTimeout(() => this.#start(), wait);
    }
  }

  #start(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    for (const page of this.#wanted) {
      if (this.#running.size < AT_ONCE && !this.#running.has(page) && this.#isMissing(page)) {
        const running = new AbortController();
        this.#running.set(page, running);
        this.#startedAt = performance.now();
        const fill = this.#fill(page, running.signal).finally(() => {
          if (this.#running.get(page) === running) {
            this.#running.delete(page);
            this.#fills.delete(page);
          }
          this.#start();
        });
        this.#fills.set(page, fill);
      }
    }
  }

  async #fill(page: number, signal: AbortSignal): Promise<void> {
    const have = this.#pages.get(page)?.lines ?? [];
    const from = have.at(-1)?.line ?? firstLineOf(page, this.#ordinals) - 1;
    const missing = rowsOf(page, this.#ordinals) - have.length;
    try {
      const lines = await this.#read(from + 1, missing, signal);
      if (!signal.aborted) {
        this.#took(page, lines, from, missing);
      }
    } catch (error) {
      if (!signal.aborted) {
        (this.#pages.get(page) ?? this.#begin(page)).failure = error;
      }
    }
    if (!signal.aborted) {
      this.#forget();
      this.#onChange();
    }
  }

  #took(page: number, lines: readonly LogLine[], from: number, missing: number): void {
    const there = this.#pages.get(page) ?? this.#begin(page);
    // The tail may have come to the same page meanwhile.
    const last = there.lines.at(-1)?.line ?? from;
    for (const line of lines.filter((one) => one.line > last)) {
      there.lines.push(line);
      this.#charge(there, costOf(line));
    }
    // Rows that are told of and cannot be had are a gap to be seen.
    there.failure = lines.length < missing ? new Error("lines are missing") : null;
  }

  #begin(page: number): Page {
    const begun: Page = { lines: [], cost: 0, failure: null };
    this.#pages.set(page, begun);
    return begun;
  }

  #charge(page: Page, cost: number): void {
    page.cost += cost;
    this.#cost += cost;
  }

  /** The page looked at longest ago goes first, and those in view never. */
  #forget(): void {
    for (const [number, page] of this.#pages) {
      if (this.#cost <= MOST_CHARS) {
        return;
      }
      if (!this.#wanted.includes(number)) {
        this.#pages.delete(number);
        this.#cost -= page.cost;
      }
    }
  }
}
