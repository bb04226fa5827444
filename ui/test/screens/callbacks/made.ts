// Callbacks, destinations and deliveries to test with.

import type {
  Callback,
  CallbackChannel,
  ChannelKind,
  Destination,
  LastDelivery,
} from "@/api/callback-shapes.ts";
import type { Delivery, Preview } from "@/api/delivery-shapes.ts";

const AT = "2026-01-01T12:00:00Z";

export function last(said: Partial<LastDelivery> = {}): LastDelivery {
  return {
    id: "d1",
    status: "success",
    at: AT,
    event_type: "canary_started",
    channel: "feishu",
    channel_id: "ch1",
    error: null,
    reason: null,
    duration: 87,
    ...said,
  };
}

export function channel(said: Partial<CallbackChannel> = {}): CallbackChannel {
  return {
    id: "ch1",
    type: "feishu",
    enabled: true,
    config: { webhook_url: "https://open.feishu.cn/••••9f3a" },
    template_id: null,
    destination_id: "x1",
    label: "open.feishu.cn",
    state: {
      ...{ waiting: 0, oldest_waiting_at: null, paused: false, paused_by: null },
      ...{ paused_at: null, held_until: null, failing_since: null, last: null },
    },
    ...said,
  };
}

export function callback(said: Partial<Callback> = {}): Callback {
  return {
    id: "c1",
    project_id: "shop",
    name: "Release news",
    enabled: true,
    channels: [channel()],
    events: ["canary_*"],
    condition: "",
    language: "en",
    quiet_hours: null,
    grouping: null,
    created_at: AT,
    updated_at: AT,
    state: { waiting: 0, oldest_waiting_at: null, paused: false, last: null },
    ...said,
  };
}

export function destination(said: Partial<Destination> = {}): Destination {
  return {
    id: "x1",
    channel_type: "feishu",
    label: "open.feishu.cn",
    paused: false,
    paused_by: null,
    paused_at: null,
    failures: 0,
    failing_since: null,
    last_reason: null,
    last_error: null,
    last_ok_at: AT,
    last_failed_at: null,
    held_until: null,
    waiting: 0,
    oldest_waiting_at: null,
    ...said,
  };
}

export function delivery(said: Partial<Delivery> = {}): Delivery {
  return {
    id: "d1",
    task_id: "task-1",
    config_id: "c1",
    config_name: "Release news",
    project_id: "shop",
    event_type: "canary_started",
    event_id: "e1",
    event_seq: 7,
    subject: "task-1",
    kind: "event",
    channel: "feishu",
    channel_id: "ch1",
    destination_id: "x1",
    state: "delivered",
    status: "success",
    request: {},
    response: '{"code":0}',
    response_status: 200,
    retry_count: 0,
    attempts: [
      {
        ...{ number: 1, at: AT, duration_ms: 87, outcome: "delivered" },
        ...{ status: 200, reason: null, error: null },
      },
    ],
    duration: 87,
    reason: null,
    digest_id: null,
    next_at: null,
    created_at: AT,
    updated_at: AT,
    ended_at: AT,
    ...said,
  };
}

export const FEISHU: ChannelKind = {
  type: "feishu",
  aliases: ["lark"],
  schema: {
    properties: {
      mentions: { type: "array", items: { type: "string" }, title: "Mention by open id" },
      webhook_url: {
        ...{ type: "string", format: "password", writeOnly: true, title: "Webhook address" },
        description: "The custom bot's address.",
      },
      at_all: { type: "boolean", default: false, title: "Mention everybody" },
    },
    required: ["webhook_url"],
  },
  secrets: ["webhook_url"],
  can_update: true,
  limits: { max_size: 20_000, rates: [], can_fold: true, timeout_s: 15 },
  base_url: "https://open.feishu.cn",
};

export const PREVIEW: Preview = {
  message: {
    heading: "Release",
    title: "Canary started",
    full_title: "Release: Canary started",
    tone: "running",
    fields: [{ name: "Project", value: "my-app", is_short: true }],
    body: [],
    links: [{ text: "Open", url: "https://tocsin.example/x" }],
    images: [],
    language: "en",
  },
  requests: [
    { method: "POST", url: "https://open.feishu.cn/••••", headers: {}, body: { msg_type: "interactive" } },
  ],
  measure: { size: 512, max_size: 20_000 },
};
