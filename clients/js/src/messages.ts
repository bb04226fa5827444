// What is said on the line, one interface a type of message; names are those on the wire.

/** What a server sends to whoever has not narrowed it. The last one greets each line. */
export const BROADCASTS = [
  "status_update",
  "service_event",
  "alert",
  "log_update",
  "webhook_event",
  "posco_event",
  "connection_status",
] as const;

export interface StatusUpdate {
  cpu_percent: number;
  memory_percent: number;
  disk_usage: number;
  network_status: string;
  uptime: number;
  active_services: number;
}

export interface ServiceEvent {
  service_id: string;
  service_name: string;
  event_type: string;
  status: string;
  message: string;
  details: Record<string, unknown>;
}

export interface Alert {
  level: "info" | "warning" | "error" | "critical";
  title: string;
  message: string;
  category: string;
  source: string;
  actions: { label: string; action: string }[];
  metadata: Record<string, unknown>;
}

export interface LogEntry {
  timestamp: string;
  level: string;
  logger_name: string;
  message: string;
  module?: string;
  line_number?: number;
  thread_id?: string;
}

export interface LogUpdate {
  file_name: string;
  entries: LogEntry[];
  total_new_entries: number;
}

export interface WebhookEvent {
  webhook_id: string;
  event_type: string;
  webhook_type: string;
  url: string;
  status: string;
  response_code?: number;
  message: string;
  sent_at: string;
  response_time_ms?: number;
}

export interface DeploymentStep {
  name: string;
  status: "pending" | "in_progress" | "completed" | "failed";
  duration_ms?: number;
  progress?: number;
}

/** One event of a deployment, and where the deployment stands by it. */
export interface DeploymentEvent {
  event_type:
    | "deployment_started"
    | "deployment_progress"
    | "deployment_completed"
    | "deployment_failed";
  branch: string | null;
  commit_hash: string | null;
  deployment_id: string;
  project: string;
  status: "pending" | "in_progress" | "completed" | "failed";
  progress: number;
  message: string;
  steps: DeploymentStep[];
  /** The how-manieth run of this deployment it is. */
  run: number;
  step_name?: string;
  /** The type in the sender's own word, and when it was there. */
  source_type: string;
  occurred_at: string;
}

export interface ConnectionState {
  status: string;
  server_version: string;
  server_time: string;
  client_count: number;
  uptime_seconds: number;
  features: string[];
  /** Which journal the server keeps, and how far it is. */
  epoch?: string;
  seq?: number;
  instance?: string;
  is_signed_in?: boolean;
  role?: string;
}

/** All that is subscribed now. */
export interface SubscriptionState {
  event_types: string[];
  filters: Record<string, string[]>;
  /** Without it, deployments are those of the `projects` and with the `deployment_ids`. */
  all_deployments: boolean;
  projects: string[];
  deployment_ids: string[];
  /** Whether what was missed follows; null when nothing was to be made up for. */
  recovered: boolean | null;
  epoch: string;
  seq: number;
}

export interface Pong {
  client_time: string | number | null;
  server_time: string;
  latency_ms: number | null;
}

export interface ServerFault {
  error_code: string;
  error_message: string;
  details?: Record<string, unknown>;
  timestamp: string;
}

/** Types of server messages, and the data of each. */
export interface ServerMessages {
  status_update: StatusUpdate;
  service_event: ServiceEvent;
  alert: Alert;
  log_update: LogUpdate;
  webhook_event: WebhookEvent;
  posco_event: DeploymentEvent;
  deployment_event: DeploymentEvent;
  connection_status: ConnectionState;
  subscribed: SubscriptionState;
  unsubscribed: SubscriptionState;
  authenticated: { role: string; name: string };
  pong: Pong;
  error: ServerFault;
}

/** A message as it came. One out of the journal has `seq` and `epoch`, its place there. */
export interface ServerMessage<Data = unknown> {
  type: string;
  data: Data;
  timestamp?: string;
  broadcast_id?: string;
  seq?: number;
  epoch?: string;
  /** That of the client's message it answers. */
  request_id?: string;
}

export interface ClientMessage {
  type: string;
  data: Record<string, unknown>;
  timestamp?: string;
  client_id?: string;
  request_id?: string;
}

/** What `text` says, or in a word why it is no message of a server. */
export function readMessage(text: unknown): ServerMessage | string {
  if (typeof text !== "string") {
    return "not text";
  }
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return "not JSON";
  }
  if (typeof said !== "object" || said === null || Array.isArray(said)) {
    return "not an object";
  }
  const message = said as ServerMessage;
  if (typeof message.type !== "string" || message.type === "") {
    return "without a type";
  }
  if (typeof message.data !== "object" || message.data === null) {
    return "without data";
  }
  return message;
}
