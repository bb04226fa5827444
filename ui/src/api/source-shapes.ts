// What the API answers of sources: set-ups, the calls that came in, tests. Instants are RFC 3339.

/** How a set-up tells that a call comes from its sender. */
export type Verification = "open" | "secret" | "signature" | "keys";

export interface SourceSecret {
  id: string;
  origin: "settings" | "stored";
  /** Its last letters. */
  hint: string;
  created_at: string | null;
  /** Set once another one has taken its place. */
  ends_at: string | null;
}

export interface SourceSetup {
  kind: string;
  /** "" is the kind itself. */
  name: string;
  /** Paths on this server. */
  addresses: string[];
  verification: Verification;
  origin: "settings" | "stored";
  stored: number;
  rejected: number;
  last_stored_at: string | null;
  last_rejected_at: string | null;
  last_rejected_reason: string | null;
  secrets: SourceSecret[];
  can_test: boolean;
}

export interface MadeSourceSetup extends SourceSetup {
  /** Told once. */
  secret: string;
}

export interface RotatedSecret {
  secret: string;
  secrets: SourceSecret[];
}

/** `answered` is a call of which nothing is kept, such as a sender's question whether we are there. */
export type CallOutcome = "stored" | "rejected" | "answered";

export interface SourceCall {
  id: string;
  at: string;
  outcome: CallOutcome;
  reason: string | null;
  message: string | null;
  status: number;
  address: string;
  bytes: number;
  events: { event_id: string; seq: number; type: string }[];
  instance: string;
}

export interface WholeSourceCall extends SourceCall {
  method: string;
  path: string;
  headers: Record<string, string>;
  query: Record<string, string>;
  /** Null when it is not UTF-8. */
  body: string | null;
  body_base64: string | null;
  is_cut: boolean;
}

export interface SourceTest {
  ok: boolean;
  status: number;
  /** As it came. */
  answer: string;
  ms: number;
  event_ids: string[];
  request: { method: string; path: string; headers: Record<string, string>; body: string | null };
  curl: string;
}
