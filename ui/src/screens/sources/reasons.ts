// Why a call was refused, in plain words, with what to do about it; by the API's reason. Pure.

/** Reasons that a sender can be told something about; of others the server's own words are shown. */
const EXPLAINED = [
  "bad_signature",
  "bad_credentials",
  "not_signed_in",
  "not_allowed",
  "unreadable",
  "bad_field",
  "too_large",
  "too_deep",
  "wrong_content_type",
  "wrong_method",
  "not_found",
  "rate_limited",
  "timed_out",
  "store_down",
  "store_full",
  "stopping",
] as const;

export type ExplainedReason = (typeof EXPLAINED)[number];

export function explained(reason: string | null): ExplainedReason | null {
  return EXPLAINED.find((one) => one === reason) ?? null;
}
