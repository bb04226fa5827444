// What the system's figures say, in the order in which they are shown.

import type { Check, System } from "@/api/shapes.ts";
import type { MarkKind } from "@/parts/status.ts";
import { bytes, days, number } from "@/texts/times.ts";

export interface Fact {
  /** Under `system.facts` in the texts, unless it has a label of its own. */
  name: string;
  label?: string;
  text?: string;
  at?: string;
  /** Of what there is room for, 0 to 1. */
  share?: number;
}

const DIALECTS: Record<string, string> = { socketio: "Socket.IO", ws: "/ws", sse: "SSE" };

export function markOf(status: Check["status"]): MarkKind {
  return status === "ok" ? "success" : status === "degraded" ? "degraded" : "failed";
}

export function liveFacts({ live }: System): Fact[] {
  const all = Object.values(live.connections).reduce((sum, count) => sum + count, 0);
  return [
    { name: "connections", text: number(all) },
    ...Object.entries(live.connections).map(([dialect, count]) => ({
      name: dialect,
      label: DIALECTS[dialect] ?? dialect,
      text: number(count),
    })),
    { name: "liveQueue", text: bytes(live.queue_bytes) },
  ];
}

export function journalFacts({ journal }: System): Fact[] {
  const { queue_events: waiting, queue_max_events: room } = journal;
  return [
    { name: "newest", text: number(journal.newest_seq) },
    {
      name: "waiting",
      text: `${number(waiting)} / ${number(room)}`,
      share: room > 0 ? waiting / room : 0,
    },
    { name: "size", text: bytes(journal.database_bytes) },
    { name: "epoch", text: journal.epoch },
  ];
}

export function retentionFacts({ retention, journal }: System): Fact[] {
  return [
    { name: "kept", text: days(retention.keep_days) },
    ...Object.entries({ ...retention.by_source, ...retention.by_type }).map(([label, count]) => ({
      name: label,
      label,
      text: days(count),
    })),
    { name: "lastRun", ...(retention.last_run_at === null ? {} : { at: retention.last_run_at }) },
    { name: "removed", text: number(retention.removed_events) },
    { name: "prunedThrough", text: number(journal.pruned_through) },
  ];
}
