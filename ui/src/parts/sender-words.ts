// Senders' own words for how something ended, those that are usual in the reader's language. Pure.

/** GitHub's conclusions, which others use as well; what says no more than the status is not here. */
const KNOWN = [
  "skipped",
  "neutral",
  "cancelled",
  "stale",
  "timed_out",
  "startup_failure",
  "action_required",
] as const;

/** The key of the text for a sender's word; null for one that only the sender can explain. */
export function wordKey(word: string): string | null {
  const known = KNOWN.find((one) => one === word.toLowerCase());
  return known === undefined ? null : `word.${known}`;
}
