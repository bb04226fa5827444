// What the API answers of trainings. Instants are RFC 3339, durations seconds.

export type TrainingStatus = "training" | "completed" | "error" | "cancelled";

/** What can be told apart of what is trained. */
export type TrainingType = "portrait" | "style";

export interface TrainingFile {
  name: string;
  /** Where the sender keeps it. */
  url_origin: string;
  bytes: number | null;
  sha256: string | null;
  state: "waiting" | "stored" | "failed";
  reason: string | null;
  /** Relative and signed; good for a short time. */
  download_url: string | null;
  expires_at: string | null;
}

export interface Training {
  id: string;
  /** Null of one that came without. */
  request_id: string | null;
  finetune_id: string | null;
  training_type: string | null;
  endpoint: string | null;
  project: string;
  status: TrainingStatus;
  /** The sender's own word. */
  status_text: string | null;
  /** Per cent. */
  progress: number | null;
  queue_position: number | null;
  registered_at: string | null;
  first_seen_at: string;
  updated_at: string;
  completed_at: string | null;
  duration_s: number | null;
  error: string | null;
  result: Record<string, unknown> | null;
  meta: Record<string, unknown>;
  files: TrainingFile[];
}

export interface TrainingEvent {
  seq: number;
  event_id: string;
  type: string;
  occurred_at: string;
  /** What it told; null for the registration. */
  status: TrainingStatus | null;
}

export interface TrainingDetail extends Training {
  events: TrainingEvent[];
}
