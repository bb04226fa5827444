// Finds out that a line is dead although nothing said so.

export interface HeartbeatTimes {
  /** A ping after so much time. */
  readonly intervalMs: number;
  /** After a ping, something must come within this. */
  readonly limitMs: number;
}

/**
 * Pings, and tells when nothing came after one. It counts from the ping, not from the last
 * message: in a page that was frozen, or a machine that slept, time passes without anything
 * being wrong.
 */
export class Heartbeat {
  readonly #times: HeartbeatTimes;
  readonly #ping: () => void;
  readonly #lost: () => void;
  #next: ReturnType<typeof setTimeout> | undefined;
  #limit: ReturnType<typeof setTimeout> | undefined;

  constructor(times: HeartbeatTimes, ping: () => void, lost: () => void) {
    this.#times = times;
    this.#ping = ping;
    this.#lost = lost;
  }

  start(): void {
    this.stop();
    this.#wait();
  }

  /** Anything came. */
  heard(): void {
    clearTimeout(this.#limit);
    this.#limit = undefined;
  }

  /** Ping now, because there is reason to doubt the line. */
  check(): void {
    clearTimeout(this.#next);
    this.#wait();
    this.#limit ??= setTimeout(() => {
      this.stop();
      this.#lost();
    }, this.#times.limitMs);
    this.#ping();
  }

  stop(): void {
    clearTimeout(this.#next);
    clearTimeout(this.#limit);
    this.#next = this.#limit = undefined;
  }

  #wait(): void {
    this.#next = setTimeout(() => this.check(), this.#times.intervalMs);
  }
}
