// What the API answers of deliveries, of messages drawn, and of templates. Instants are RFC 3339.

import type { DeliveryStatus } from "@/api/callback-shapes.ts";

export type DeliveryState = "waiting" | "folded" | "delivered" | "failed";
export type DeliveryKind = "event" | "digest" | "test";
export type Outcome = "delivered" | "later" | "given_up" | "disabled";

/** A call to a platform, with all secrets masked; nothing of it is there before the first try. */
export interface SentRequest {
  method?: string;
  url?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

export interface DeliveryAttempt {
  number: number;
  at: string;
  duration_ms: number;
  outcome: Outcome;
  status: number | null;
  reason: string | null;
  error: string | null;
}

export interface WholeAttempt extends DeliveryAttempt {
  requests: SentRequest[];
  response: string;
  curl: string;
}

/** One event on its way to one channel. */
export interface Delivery {
  id: string;
  task_id: string;
  config_id: string;
  /** "" when the callback is gone. */
  config_name: string;
  project_id: string;
  event_type: string;
  event_id: string;
  event_seq: number;
  subject: string;
  kind: DeliveryKind;
  channel: string;
  channel_id: string;
  destination_id: string;
  state: DeliveryState;
  status: DeliveryStatus;
  request: SentRequest;
  response: string;
  response_status: number | null;
  retry_count: number;
  attempts: DeliveryAttempt[];
  /** Milliseconds of the last try. */
  duration: number | null;
  /** Left out when there is none. */
  error?: string;
  reason: string | null;
  digest_id: string | null;
  next_at: string | null;
  created_at: string;
  updated_at: string;
  ended_at: string | null;
}

export interface FoldedEvent {
  /** Of the row. */
  id: string;
  event_id: string;
  event_type: string;
  task_id: string;
  created_at: string;
}

export interface WholeDelivery extends Omit<Delivery, "attempts"> {
  attempts: WholeAttempt[];
  /** Of a digest: what was folded into it, or the first hundred of that. */
  events?: FoldedEvent[];
  folded_count?: number;
}

export type MessageTone = "neutral" | "running" | "good" | "warning" | "bad";
export type BlockKind = "paragraph" | "heading" | "item" | "quote" | "code";

export interface MessageSpan {
  text: string;
  is_bold: boolean;
  is_italic: boolean;
  is_code: boolean;
  href: string | null;
}

export interface MessageBlock {
  kind: BlockKind;
  spans: MessageSpan[];
}

/** What a person is told, before a channel has drawn it. */
export interface ToldMessage {
  heading: string;
  title: string;
  full_title: string;
  tone: MessageTone;
  fields: { name: string; value: string; is_short: boolean }[];
  body: MessageBlock[];
  links: { text: string; url: string }[];
  images: { name: string; alt: string }[];
  language: string;
}

export interface Preview {
  message: ToldMessage;
  requests: SentRequest[];
  /** Against the platform's limit, in its own unit. */
  measure: { size: number; max_size: number } | null;
}

export interface Template {
  id: string;
  name: string;
  /** "" is any. */
  channel_type: string;
  event_type: string;
  language: string;
  title: string;
  body: string;
  created_at: string;
  updated_at: string;
}

export interface TemplateVariable {
  name: string;
  description: string;
  example: unknown;
}

export interface DeliveryFigures {
  total: number;
  success: number;
  failed: number;
  pending: number;
  /** Within success. */
  folded: number;
  /** Of those that ended. */
  success_rate: number | null;
  retries: number;
}

/** In milliseconds. */
export interface Spent {
  avg: number | null;
  max: number | null;
}

export interface SpentWhole extends Spent {
  p50: number | null;
  p95: number | null;
}

export interface ChannelFigures extends DeliveryFigures {
  channel: string;
  duration: SpentWhole;
  waiting: number;
  oldest_waiting_at: string | null;
}

export interface DayFigures extends DeliveryFigures {
  /** As 2024-01-31, of UTC. */
  day: string;
  duration: Spent;
}

export interface DeliveryStats extends DeliveryFigures {
  since: string;
  until: string;
  duration: SpentWhole;
  /** Now, whatever the range is. */
  waiting: number;
  oldest_waiting_at: string | null;
  /** Destinations. */
  paused: number;
  by_channel: ChannelFigures[];
  by_day: DayFigures[];
  by_reason: { reason: string; count: number }[];
}
