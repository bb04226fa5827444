// Decides what of all that comes is handed on, so that each event of the journal comes once and
// in order, whatever happens to lines. Pure: messages in, verdicts out; the socket is elsewhere.

import type {
  ClientMessage,
  ConnectionState,
  ServerFault,
  ServerMessage,
  SubscriptionState,
} from "./messages.ts";
import { isRepeat, missed, placeAfter, readPlace, type Place, type Standing } from "./place.ts";
import { Subscription } from "./subscription.ts";

/** How a line stands, once it does. `missed`: see place.ts; null on a first line. */
export interface Settled {
  readonly recovered: boolean | null;
  readonly missed: number | null;
  readonly isFirst: boolean;
}

export interface Verdict {
  readonly isWanted: boolean;
  /** Set by the one message of a line with which it stands. */
  readonly settled?: Settled;
  /** The line will not stand: try "again", or the server has "refused" what is asked for. */
  readonly failed?: "again" | "refused";
}

type Change = (subscription: Subscription) => Subscription;

// What a server may answer today and not tomorrow.
const PASSING: ReadonlySet<unknown> = new Set(["INTERNAL_SERVER_ERROR", "RATE_LIMIT_EXCEEDED"]);
const WANTED: Verdict = { isWanted: true };
const UNWANTED: Verdict = { isWanted: false };

export class Follower {
  /** Without what was not answered yet. */
  #subscription = new Subscription();
  readonly #changes = new Map<string, Change>();
  #place: Place | null;
  #wasSettled = false;
  #isSettled = false;
  /** What the present line was asked to go on after, and the ids by which it was asked. */
  #after: Place | null = null;
  #asked: string[] = [];
  /** While set, the line is not asked or has not answered yet: journaled messages are dropped. */
  #isHeld = false;
  #isBegun = false;
  #greeting: ConnectionState | null = null;

  constructor(place: Place | null = null) {
    this.#place = place;
  }

  /** Up to where everything was handed on. */
  get place(): Place | null {
    return this.#place;
  }

  /** All that was asked for, answered or not. */
  get subscription(): Subscription {
    return [...this.#changes.values()].reduce((sum, change) => change(sum), this.#subscription);
  }

  /** Ask for something else; it is taken back when the message with this `id` is refused. */
  change(id: string, change: Change): void {
    this.#changes.set(id, change);
  }

  /** A new line is open. */
  opened(): void {
    // What the last line did not answer is asked again with all the rest.
    this.#subscription = this.subscription;
    this.#changes.clear();
    this.#isSettled = this.#isBegun = false;
    this.#asked = [];
    this.#greeting = null;
    // What a server sends before it knows the subscription and the place is not ours, or comes
    // once more: the answer says from where on the line counts.
    this.#isHeld = this.#place !== null || !this.subscription.isEmpty;
  }

  /** What to say on the new line; the answer to the last one tells how it stands. */
  begin(newId: () => string): ClientMessage[] {
    this.#subscription = this.subscription;
    this.#changes.clear();
    const asked = this.#subscription
      .opening(this.#place)
      .map((data) => ({ type: "subscribe", data, request_id: newId() }));
    this.#asked = asked.map((message) => message.request_id);
    this.#after = this.#place;
    this.#isBegun = true;
    this.#isHeld = asked.length > 0;
    return asked;
  }

  take(message: ServerMessage): Verdict {
    this.#answered(message);
    if (!this.#isSettled) {
      const verdict = this.#opening(message);
      if (verdict !== null) {
        return verdict;
      }
    }
    const place = readPlace(message);
    if (place === null) {
      return this.#isHeld && !this.subscription.wants(message.type) ? UNWANTED : WANTED;
    }
    if (this.#isHeld || isRepeat(this.#place, place)) {
      return UNWANTED;
    }
    this.#place = place;
    return WANTED;
  }

  #answered({ type, request_id }: ServerMessage): void {
    const change = request_id === undefined ? undefined : this.#changes.get(request_id);
    if (change !== undefined && request_id !== undefined) {
      this.#changes.delete(request_id);
      if (type !== "error") {
        this.#subscription = change(this.#subscription);
      }
    }
  }

  /** What a message before the line stands means for that; null: nothing. */
  #opening(message: ServerMessage): Verdict | null {
    if (message.type === "connection_status") {
      this.#greeting ??= message.data as ConnectionState;
    }
    if (!this.#isBegun) {
      return null;
    }
    if (this.#asked.length === 0) {
      return this.#greeting && this.#settle(this.#greeting, null);
    }
    const { type, request_id = "" } = message;
    if (type === "error" && this.#asked.includes(request_id)) {
      const isPassing = PASSING.has((message.data as Partial<ServerFault>).error_code);
      return { isWanted: true, failed: isPassing ? "again" : "refused" };
    }
    if (type === "subscribed" && this.#asked.at(-1) === request_id) {
      const answer = message.data as Partial<SubscriptionState>;
      return this.#settle(answer, answer.recovered ?? null);
    }
    // A server that cannot resume does not answer either.
    const features = this.#greeting?.features;
    return this.#greeting && !(Array.isArray(features) && features.includes("resume"))
      ? this.#settle(this.#greeting, null)
      : null;
  }

  #settle(said: { epoch?: unknown; seq?: unknown }, told: boolean | null): Verdict {
    const isFirst = !this.#wasSettled;
    const asked = this.#after;
    const recovered = asked === null ? null : told === true;
    this.#isSettled = this.#wasSettled = true;
    this.#isHeld = false;
    const at = readPlace(said);
    if (at === null) {
      return { isWanted: true, settled: { recovered, missed: null, isFirst } };
    }
    const standing: Standing = { ...at, recovered };
    this.#place = placeAfter(this.#place, standing);
    const gap = asked === null ? null : missed(asked, standing);
    return { isWanted: true, settled: { recovered, missed: gap, isFirst } };
  }
}
