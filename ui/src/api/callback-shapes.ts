// What the API answers of callbacks, their templates and channels. Instants are RFC 3339.

/** As the documents number pages, from 1. */
export interface NumberedPage<T> {
  items: T[];
  total: number;
  page: number;
  page_size: number;
}

/** How a delivery stands, in the documents' words. */
export type DeliveryStatus = "success" | "failed" | "pending";

/** The last thing that was tried. */
export interface LastDelivery {
  id: string;
  status: DeliveryStatus;
  at: string;
  event_type: string;
  channel: string;
  channel_id: string;
  error: string | null;
  reason: string | null;
  /** Milliseconds. */
  duration: number | null;
}

export interface ChannelState {
  waiting: number;
  oldest_waiting_at: string | null;
  paused: boolean;
  paused_by: string | null;
  paused_at: string | null;
  held_until: string | null;
  failing_since: string | null;
  last: LastDelivery | null;
}

export interface CallbackState {
  waiting: number;
  oldest_waiting_at: string | null;
  paused: boolean;
  last: LastDelivery | null;
}

/** Options of a channel by their names; a secret as it may be shown. */
export type ChannelConfig = Record<string, unknown>;

export interface CallbackChannel {
  id: string;
  type: string;
  enabled: boolean;
  config: ChannelConfig;
  template_id: string | null;
  destination_id: string;
  /** Of its destination, such as the host. */
  label: string;
  state: ChannelState;
}

export interface QuietHours {
  zone: string;
  /** "22:00", as `to`. */
  from: string;
  to: string;
  but: string[];
}

export interface Grouping {
  by: string[];
  wait_s: number;
  interval_s: number;
}

export interface Callback {
  id: string;
  /** "*" for all projects. */
  project_id: string;
  name: string;
  enabled: boolean;
  channels: CallbackChannel[];
  /** Types or patterns; none is all. */
  events: string[];
  condition: string;
  language: string;
  quiet_hours: QuietHours | null;
  grouping: Grouping | null;
  created_at: string;
  updated_at: string;
  state: CallbackState;
}

/** What is sent of a channel: `id` tells which stored one it was. */
export interface WantedChannel {
  id?: string;
  type: string;
  enabled: boolean;
  config: ChannelConfig;
  template_id: string | null;
}

export interface WantedCallback {
  project_id: string;
  name: string;
  enabled: boolean;
  channels: WantedChannel[];
  events: string[];
  condition: string;
  language: string;
  quiet_hours: QuietHours | null;
  grouping: Grouping | null;
}

/** A channel that Tocsin knows, with the JSON schema of its options. */
export interface ChannelKind {
  type: string;
  aliases: string[];
  schema: OptionsSchema;
  secrets: string[];
  can_update: boolean;
  limits: {
    max_size: number;
    rates: { count: number; per_s: number }[];
    can_fold: boolean;
    timeout_s: number;
  };
  base_url: string;
}

export interface OptionsSchema {
  properties?: Record<string, OptionSchema>;
  required?: string[];
  $defs?: Record<string, OptionSchema>;
}

export interface OptionSchema {
  title?: string;
  description?: string;
  default?: unknown;
  examples?: unknown[];
  type?: string;
  format?: string;
  writeOnly?: boolean;
  enum?: unknown[];
  const?: unknown;
  anyOf?: OptionSchema[];
  allOf?: OptionSchema[];
  $ref?: string;
  items?: OptionSchema;
  additionalProperties?: boolean | OptionSchema;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  maxLength?: number;
  ge?: number;
  le?: number;
}

export interface TestResult {
  channel_id: string | null;
  channel_type: string;
  ok: boolean;
  status: number | null;
  /** As it came. */
  response: string;
  duration_ms: number;
  curl: string;
  reason: string | null;
  error: string | null;
  /** Its row in the history. */
  delivery_id: string | null;
}

export interface TestResults {
  ok: boolean;
  results: TestResult[];
}

/** One credential by which messages go, whoever uses it. */
export interface Destination {
  id: string;
  channel_type: string;
  label: string;
  paused: boolean;
  /** "" is Tocsin itself. */
  paused_by: string | null;
  paused_at: string | null;
  failures: number;
  failing_since: string | null;
  last_reason: string | null;
  last_error: string | null;
  last_ok_at: string | null;
  last_failed_at: string | null;
  held_until: string | null;
  waiting: number;
  oldest_waiting_at: string | null;
}
