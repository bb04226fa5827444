// Publishes in a closed loop: some messages may be on their way, told by one client's receipts.

/** A message as Tocsin's subscribers get it, with so much text. */
export function message(seq, chars) {
  return {
    type: "log_entry",
    payload: { type: "log_entry", message: "x".repeat(chars), level: "info" },
    timestamp: "2026-01-01T12:00:00.000Z",
    projectId: "bench",
    deploymentId: "run-1",
    seq,
  };
}

export class Publisher {
  #publish;
  #outstanding = 0;
  #burst = 1;
  #published = 0;
  #received = 0;

  constructor(publish) {
    this.#publish = publish;
  }

  /** At most `outstanding` messages on their way, made `burst` at a time; 0 ends it. */
  start({ outstanding, burst }) {
    this.#outstanding = outstanding;
    this.#burst = burst;
    this.#fill();
  }

  /** The client has got `count` messages in all. */
  received(count) {
    this.#received = count;
    this.#fill();
  }

  #fill() {
    while (this.#published - this.#received <= this.#outstanding - this.#burst) {
      for (let made = 0; made < this.#burst; made++) this.#publish(++this.#published);
    }
  }
}
