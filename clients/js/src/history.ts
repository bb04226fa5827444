// The last messages in both directions, for looking at; bounded.

import type { ClientMessage, ServerMessage } from "./messages.ts";

export interface HistoryEntry {
  readonly direction: "in" | "out";
  /** When it was here, by this machine's clock. */
  readonly at: string;
  readonly message: ServerMessage | ClientMessage;
}

/** Keeps the last `size` entries; 0 keeps none. */
export class History {
  readonly #size: number;
  readonly #ring: HistoryEntry[] = [];
  #next = 0;

  constructor(size: number) {
    this.#size = Math.max(0, Math.floor(size));
  }

  add(entry: HistoryEntry): void {
    if (this.#size === 0) {
      return;
    }
    this.#ring[this.#next] = entry;
    this.#next = (this.#next + 1) % this.#size;
  }

  /** What is kept, oldest first. */
  entries(): HistoryEntry[] {
    if (this.#ring.length < this.#size) {
      return [...this.#ring];
    }
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
  }
}
