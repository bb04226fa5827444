// Does a piece of work when it is rung for: never twice at a time, never sooner than a pause
// allows, and once more when it was rung for meanwhile.

export class Pacer {
  readonly #work: () => Promise<void>;
  readonly #pauseMs: () => number;
  #running: Promise<void> | null = null;
  #isWanted = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #notBefore = 0;

  /** @param pauseMs from the begin of one piece of work to that of the next */
  constructor(work: () => Promise<void>, pauseMs: () => number) {
    this.#work = work;
    this.#pauseMs = pauseMs;
  }

  /** Resolves when the work under way, if any, is done. */
  async ring(): Promise<void> {
    if (this.#running !== null) {
      this.#isWanted = true;
      return this.#running;
    }
    const wait = this.#notBefore - performance.now();
    if (wait > 0) {
      this.soon(wait);
      return undefined;
    }
    this.#running = this.#run();
    return this.#running;
  }

  /** Ring after so long, unless it is to be done sooner anyway. */
  soon(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.ring();
    }, ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isWanted = false;
  }

  async #run(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#notBefore = performance.now() + this.#pauseMs();
    this.#isWanted = false;
    try {
      await this.#work();
    } finally {
      this.#running = null;
      if (this.#isWanted) {
        this.soon(Math.max(0, this.#notBefore - performance.now()));
      }
    }
  }
}
