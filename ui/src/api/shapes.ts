// What the API answers, as far as the screens read it. Instants are RFC 3339, durations seconds.

export type Role = "none" | "sender" | "viewer" | "operator" | "admin";
export type DeploymentStatus = "pending" | "running" | "success" | "failed" | "cancelled";
export type StepStatus = "running" | "completed" | "failed" | "retrying";

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export interface Session {
  role: Role;
  name: string;
  kind: "local" | "token" | "session" | "nobody";
  csrf: string | null;
}

export interface Summary {
  id: string;
  project: string;
  status: DeploymentStatus;
  stalled: boolean;
  conclusion: string | null;
  progress: number;
  run: number;
  duration: number | null;
  started_at: string | null;
  completed_at: string | null;
  first_seen_at: string;
  last_seen_at: string;
  steps_known: number;
  steps_ended: number;
  steps_failed: number;
  current_step: string | null;
  source: string;
  branch: string | null;
  commit_hash: string | null;
  workflow_name: string | null;
  workflow_id: string | null;
  log_stream_id: string | null;
  source_repo: string | null;
  deploy_type: string | null;
  server_host: string | null;
  error_message: string | null;
  environment: string | null;
  actor: string | null;
  /** At the sender's; http or https. */
  url: string | null;
  lines: number;
  seq: number;
}

export interface Attempt {
  attempt: number;
  status: StepStatus;
  conclusion: string | null;
  started_at: string | null;
  completed_at: string | null;
  duration: number | null;
}

export interface Step {
  name: string;
  run: number;
  status: StepStatus;
  conclusion: string | null;
  started_at: string | null;
  completed_at: string | null;
  duration: number | null;
  attempts: Attempt[];
}

export interface Figures {
  sent: Record<string, unknown> | null;
  seen: Record<string, string | number | null>;
  agree: boolean | null;
}

export interface Run {
  run: number;
  status: DeploymentStatus;
  conclusion: string | null;
  started_at: string | null;
  completed_at: string | null;
  duration: number | null;
  progress: number;
  steps: Step[];
  figures: Figures;
}

export interface Detail extends Summary {
  runs: Run[];
}

/** Medians over the latest successful deployments of the project. */
export interface Usual {
  runs: number;
  duration: number | null;
  steps: Record<string, number>;
}

export interface Line {
  line: number;
  at: string;
  received_at: string | null;
  level: string;
  step: string;
  text: string;
  seq: number;
}

export interface LinesPage extends Page<Line> {
  total: number | null;
}

/** `marks[i]` is the number of the line with the ordinal `i * every`, counted from 0. */
export interface Outline {
  total: number;
  first_line: number | null;
  last_line: number | null;
  every: number;
  marks: number[];
}

export interface Found {
  matches: number[];
  scanned_to: number;
  last_line: number;
  is_complete: boolean;
}

export interface Project {
  project: string;
  deployments: number;
  running: number;
  success: number;
  failed: number;
  cancelled: number;
  success_rate: number | null;
  /** Null without deployments. */
  last_status: DeploymentStatus | null;
  /** Null while nothing was told of it. */
  last_seen_at: string | null;
}

export interface Day {
  project: string;
  day: string;
  runs: number;
  success: number;
  failed: number;
  cancelled: number;
  success_rate: number | null;
  duration_p50: number | null;
  duration_p95: number | null;
}

export interface StoredEvent {
  seq: number;
  id: string;
  source: string;
  type: string;
  project: string;
  subject: string;
  occurred_at: string;
  received_at: string;
  data: unknown;
  occurred_text?: string;
  attributes?: Record<string, unknown>;
}

export interface Person {
  id: string;
  name: string;
  role: Exclude<Role, "none">;
  created_at: string;
  disabled_at: string | null;
}

export interface Token {
  id: string;
  name: string;
  role: Exclude<Role, "none">;
  created_at: string;
  created_by: string;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
}

export interface CreatedToken extends Token {
  token: string;
}

export interface Setting {
  key: string;
  value: string;
  origin: string;
  is_secret: boolean;
  description: string;
}

export interface Check {
  status: "ok" | "degraded" | "down";
  [detail: string]: unknown;
}

export interface System {
  instance: string;
  version: string;
  started_at: string;
  uptime_s: number;
  status: "ok" | "degraded" | "down";
  checks: Record<string, Check>;
  journal: {
    epoch: string;
    newest_seq: number;
    pruned_through: number;
    queue_events: number;
    queue_max_events: number;
    database_bytes: number;
  };
  live: { connections: Record<string, number>; queue_bytes: number };
  stages: {
    name: string;
    failures: number;
    last_ok_at: string | null;
    /** The instance that does it, where one at a time does. */
    done_by: string | null;
  }[];
  retention: {
    keep_days: number;
    by_type: Record<string, number>;
    by_source: Record<string, number>;
    last_run_at: string | null;
    removed_events: number;
  };
}
