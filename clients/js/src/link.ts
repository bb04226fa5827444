// Keeps a line up: opens it, notices its end, and says when to try again and when not.

import { isFinal, pauseMs } from "./backoff.ts";
import { Line, type SocketConstructor } from "./line.ts";
import type { LinkChange, LinkState } from "./status.ts";
import { watchSurroundings } from "./surroundings.ts";

// A line that stood this long was a good one: the next loss is a first failure again.
const GOOD_MS = 5_000;
// Who comes back because the network did shall not come with everybody else.
const SPREAD_MS = 500;
// What this side closes with when the server has refused what a line is for.
const REFUSED = 4500;

export interface LinkEvents {
  opened(): void;
  received(data: unknown): void;
  /** It ended, by whatever reason. */
  ended(): void;
  /** It ended and may be tried again: `retry` is to be called, now or later, or not. */
  lost(): void;
  /** There is reason to doubt it, although it is up. */
  doubted(): void;
  told(change: LinkChange): void;
}

export interface LinkOptions {
  readonly make: SocketConstructor;
  readonly address: () => string;
  /** For opening, and once more until it is settled. */
  readonly openLimitMs: number;
  readonly random: () => number;
}

export class Link {
  state: LinkState = "idle";
  /** When the next try is, RFC 3339; null while none is waited for. */
  retryAt: string | null = null;
  /** Tries since the last good line. */
  attempts = 0;
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  #line: Line | null = null;
  #isLossTold = false;
  #ending = { code: 1000, reason: "" };
  #retry: ReturnType<typeof setTimeout> | undefined;
  #good: ReturnType<typeof setTimeout> | undefined;
  #settleLimit: ReturnType<typeof setTimeout> | undefined;
  #stopWatching: (() => void) | null = null;

  constructor(options: LinkOptions, events: LinkEvents) {
    this.#options = options;
    this.#events = events;
  }

  get isOpen(): boolean {
    return this.#line?.isOpen ?? false;
  }

  /** Open it now; does nothing while there is one. */
  connect(): void {
    if (this.#line !== null) {
      return;
    }
    this.#forgetRetry();
    const { make, address, openLimitMs } = this.#options;
    const line: Line = new Line(make, address(), openLimitMs, {
      opened: () => {
        this.#settleLimit = setTimeout(() => line.lose("no answer in time"), openLimitMs);
        this.#events.opened();
      },
      received: (data) => this.#events.received(data),
      ended: (code, reason) => this.#ended(code, reason),
    });
    this.#line = line;
    this.state = "connecting";
    this.#stopWatching ??= watchSurroundings(
      () => this.#lookedAt(),
      () => this.#doubt(),
    );
  }

  send(text: string): void {
    this.#line?.send(text);
  }

  /** It is up, and the server has said how it stands. */
  settled(): void {
    clearTimeout(this.#settleLimit);
    this.state = "connected";
    this.#isLossTold = false;
    this.#good = setTimeout(() => {
      this.attempts = 0;
    }, GOOD_MS);
  }

  /** End it and try again: it is of no use. */
  lose(reason: string): void {
    this.#line?.lose(reason);
  }

  /** End it for good. */
  close(): void {
    if (this.state === "closed") {
      return;
    }
    this.state = "closed";
    if (this.#line === null) {
      this.#finish("asked");
    } else {
      this.#line.close();
    }
  }

  /** End it for good, because the server will not have it otherwise. */
  refuse(reason: string): void {
    this.#line?.close(REFUSED, reason);
  }

  /** Try again after a pause, or give up after so many tries. */
  retry(maxAttempts: number, ceilingMs: number): void {
    if (this.attempts >= maxAttempts) {
      this.#finish("gave_up");
      return;
    }
    this.attempts += 1;
    this.#retryIn(pauseMs(this.attempts, this.#options.random(), ceilingMs));
  }

  #ended(code: number, reason: string): void {
    this.#line = null;
    this.#ending = { code, reason };
    clearTimeout(this.#settleLimit);
    clearTimeout(this.#good);
    this.#events.ended();
    if (this.state === "closed") {
      this.#finish("asked");
    } else if (isFinal(code)) {
      this.#finish("refused");
    } else {
      this.#lost();
    }
  }

  #lost(): void {
    this.state = "waiting";
    if (!this.#isLossTold) {
      this.#isLossTold = true;
      this.#events.told({ kind: "lost", ...this.#ending });
    }
    // Who was told may have closed it, or connected at once.
    if (this.state === "waiting") {
      this.#events.lost();
    }
  }

  #finish(why: "asked" | "refused" | "gave_up"): void {
    this.state = "closed";
    this.#isLossTold = false;
    this.#forgetRetry();
    this.#stopWatching?.();
    this.#stopWatching = null;
    this.#events.told({ kind: "closed", ...this.#ending, why });
  }

  #retryIn(ms: number): void {
    this.#forgetRetry();
    this.#retry = setTimeout(() => this.connect(), ms);
    this.retryAt = new Date(Date.now() + ms).toISOString();
  }

  #forgetRetry(): void {
    clearTimeout(this.#retry);
    this.retryAt = null;
  }

  #lookedAt(): void {
    if (this.state === "waiting") {
      this.#retryIn(this.#options.random() * SPREAD_MS);
    } else {
      this.#doubt();
    }
  }

  #doubt(): void {
    if (this.state === "connected") {
      this.#events.doubted();
    }
  }
}
