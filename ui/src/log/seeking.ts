// Looking for a pattern through a whole log, slice after slice, from the line in view on. Pure: the
// slices are read by who uses it.
//
// It begins where the reader looks and comes round to the begin of the log last, so that the next
// match is known at once, wherever in a million lines that is.

import type { Found } from "@/api/shapes.ts";
import { upperBound } from "@/log/ordinals.ts";

export type ReadSlice = (after: number, signal: AbortSignal) => Promise<Found>;

export class Seeking {
  /** Line numbers, ascending: those before where it began, and those from there on. */
  readonly #before: number[] = [];
  readonly #from: number[] = [];
  readonly #begin: number;
  #scannedTo: number;
  #scannedBefore = 0;
  #last = 0;
  #isAtEnd = false;

  /** @param begin the line in view, with which it begins */
  constructor(begin: number) {
    this.#begin = Math.max(1, begin);
    this.#scannedTo = this.#begin - 1;
  }

  get count(): number {
    return this.#before.length + this.#from.length;
  }

  /** Lines looked at, and how many there are. */
  get progress(): { scanned: number; of: number } {
    const scanned = this.#scannedTo - (this.#begin - 1) + this.#scannedBefore;
    return { scanned: Math.min(scanned, this.#last), of: this.#last };
  }

  get isComplete(): boolean {
    return this.#isAtEnd && this.#scannedBefore >= this.#begin - 1;
  }

  /** Read slices until all is looked at; called again when the log has grown. */
  async run(read: ReadSlice, signal: AbortSignal, onSlice: () => void): Promise<void> {
    this.#isAtEnd = false;
    while (!this.isComplete && !signal.aborted) {
      const isBefore = this.#isAtEnd;
      const found = await read(isBefore ? this.#scannedBefore : this.#scannedTo, signal);
      if (signal.aborted) {
        return;
      }
      if (isBefore) {
        this.#tookBefore(found);
      } else {
        this.#tookFrom(found);
      }
      onSlice();
    }
  }

  /** The how-manieth match it is, from 1; 0 when it is none. */
  placeOf(line: number): number {
    const at = this.#rank(line);
    return this.has(line) ? at : 0;
  }

  has(line: number): boolean {
    const side = line < this.#begin ? this.#before : this.#from;
    return side[upperBound(side, line) - 1] === line;
  }

  /** The next match behind a line, round the end if need be; null while or when there is none. */
  next(line: number): number | null {
    return this.#at(this.#rank(line)) ?? (this.isComplete ? this.#at(0) : null);
  }

  /** The match before a line, round the begin if need be. */
  previous(line: number): number | null {
    const rank = this.#rank(line - 1);
    return this.#at(rank - 1) ?? (this.isComplete ? this.#at(this.count - 1) : null);
  }

  /** How many matches are at most `line`. */
  #rank(line: number): number {
    return line < this.#begin
      ? upperBound(this.#before, line)
      : this.#before.length + upperBound(this.#from, line);
  }

  #at(rank: number): number | null {
    const { length } = this.#before;
    return (rank < length ? this.#before[rank] : this.#from[rank - length]) ?? null;
  }

  #tookFrom(found: Found): void {
    push(this.#from, found.matches);
    this.#scannedTo = Math.max(this.#scannedTo, found.scanned_to);
    this.#last = found.last_line;
    this.#isAtEnd = found.is_complete;
  }

  #tookBefore(found: Found): void {
    push(
      this.#before,
      found.matches.filter((line) => line < this.#begin),
    );
    this.#scannedBefore = Math.min(found.scanned_to, this.#begin - 1);
    this.#last = Math.max(this.#last, found.last_line);
  }
}

function push(to: number[], lines: readonly number[]): void {
  // Not by spread: ten thousand arguments are near what an engine takes.
  for (const line of lines) {
    to.push(line);
  }
}
