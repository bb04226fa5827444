// Where a client stands in a server's journal, and what an answer means for that. Pure.

/** A journal (`epoch`; another database has another one) and how far it was read. */
export interface Place {
  readonly epoch: string;
  readonly seq: number;
}

/** What a server says of its journal when a line opens or goes on. */
export interface Standing extends Place {
  readonly recovered: boolean | null;
}

/** The place out of a message's fields; null when it has none. */
export function readPlace(said: { epoch?: unknown; seq?: unknown }): Place | null {
  const { epoch, seq } = said;
  if (typeof epoch !== "string" || !Number.isSafeInteger(seq)) {
    return null;
  }
  return { epoch, seq: seq as number };
}

/** Whether what is at `found` was here before. */
export function isRepeat(place: Place | null, found: Place): boolean {
  return place !== null && found.epoch === place.epoch && found.seq <= place.seq;
}

/** The place from which a line with this standing goes on. */
export function placeAfter(place: Place | null, standing: Standing): Place {
  const { epoch, seq, recovered } = standing;
  // What is made up for is still to come and moves the place itself; and on a first line, what
  // came already may be further than what the server said before it.
  if (place !== null && (recovered === true || (recovered === null && isRepeat(place, standing)))) {
    return place;
  }
  return { epoch, seq };
}

/**
 * How many events were missed at most (a subscription may want fewer of them); 0 when none was,
 * null when that cannot be known.
 */
export function missed(place: Place, standing: Standing): number | null {
  if (standing.recovered === true) {
    return 0;
  }
  if (standing.epoch !== place.epoch || standing.seq < place.seq) {
    return null;
  }
  return standing.seq - place.seq;
}
