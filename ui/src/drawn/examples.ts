// What a preview is made of: an example of a type, or one of the last events that are stored.

import { computed, type ComputedRef } from "vue";
import { read } from "@/api/call.ts";
import type { Page, StoredEvent } from "@/api/shapes.ts";
import { useReading } from "@/live/reading.ts";

export interface Example {
  /** As it is kept in a choice: "type:canary_started" or "event:0193…". */
  value: string;
  text: string;
}

const LAST_EVENTS = 8;

export function exampleOfType(type: string): string {
  return `type:${type}`;
}

/** What is asked for by a choice. */
export function askedBy(example: string): { event_type?: string; event_id?: string } {
  const at = example.indexOf(":");
  const rest = example.slice(at + 1);
  return example.startsWith("event:") ? { event_id: rest } : { event_type: rest };
}

/** The last events of other kinds than log lines, of a project if one is named. */
export function useLastEvents(project: () => string): ComputedRef<Example[]> {
  const { data } = useReading(
    (signal) =>
      read<Page<StoredEvent>>(
        "/api/v1/events",
        { limit: 50, project: project() === "*" ? null : project() },
        signal,
      ),
    { isStale: false, source: project },
  );
  return computed(() =>
    (data.value?.items ?? [])
      .filter(({ type }) => !type.startsWith("log_"))
      .slice(0, LAST_EVENTS)
      .map((event) => ({
        value: `event:${event.id}`,
        text: [event.type, event.project, event.subject].filter(Boolean).join(" · "),
      })),
  );
}
