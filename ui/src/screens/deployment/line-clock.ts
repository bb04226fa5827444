// Tells which log line was the last at a time, reading as few lines as it can.

import type { Line } from "@/api/shapes.ts";

/** The kept lines from the number `from` on, at most `limit`. */
export type ReadLines = (from: number, limit: number) => Promise<readonly Line[]>;

const CHUNK = 500;
// A replay moves along a few chunks; what is further back is read again.
const MOST_CHUNKS = 40;

/**
 * Lines stand in the order in which they came. Senders' clocks may jump back by a little, so the
 * answer is the last line before the first one that is later: what nobody could have seen yet is
 * never among them.
 */
export class LineClock {
  readonly #read: ReadLines;
  readonly #firsts = new Map<number, number>();
  readonly #chunks = new Map<number, readonly number[]>();

  constructor(read: ReadLines) {
    this.#read = read;
  }

  /** The number of the last of `total` lines that is not later than `at`; 0 when all are. */
  async lineAt(at: number, total: number): Promise<number> {
    let low = 0;
    let high = Math.ceil(total / CHUNK) - 1;
    // The last chunk that begins in time.
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((await this.#firstOf(middle)) <= at) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    if (total === 0) {
      return 0;
    }
    const times = await this.#chunk(low, total);
    const later = times.findIndex((time) => time > at);
    return low * CHUNK + (later === -1 ? times.length : later);
  }

  async #firstOf(chunk: number): Promise<number> {
    const known = this.#firsts.get(chunk);
    if (known !== undefined) {
      return known;
    }
    const [line] = await this.#read(chunk * CHUNK + 1, 1);
    const time = line === undefined ? Infinity : Date.parse(line.at);
    this.#firsts.set(chunk, time);
    return time;
  }

  async #chunk(chunk: number, total: number): Promise<readonly number[]> {
    const wanted = Math.min(CHUNK, total - chunk * CHUNK);
    const known = this.#chunks.get(chunk);
    // The last chunk may have grown since.
    if (known !== undefined && known.length >= wanted) {
      return known.slice(0, wanted);
    }
    const lines = await this.#read(chunk * CHUNK + 1, wanted);
    const times = lines.map((line) => Date.parse(line.at));
    this.#chunks.set(chunk, times);
    const [oldest] = this.#chunks.keys();
    if (this.#chunks.size > MOST_CHUNKS && oldest !== undefined) {
      this.#chunks.delete(oldest);
    }
    return times;
  }
}
