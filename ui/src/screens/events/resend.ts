// The call that sends an event again, as a new one. Pure.

import { curlOf } from "@/api/curl.ts";
import type { StoredEvent } from "@/api/shapes.ts";
import { isRecord } from "@/screens/events/rows.ts";

export interface Sending {
  path: string;
  body: Record<string, unknown>;
}

/**
 * A deployment message goes where such messages go, so that it means what it meant; any other
 * event goes as a CloudEvent, by a source that says so: nobody may speak for Tocsin. What would make
 * it a repeat of the first one is left out or new.
 */
export function sendingOf(event: StoredEvent, newId: string): Sending {
  if (event.source === "deployment" && isRecord(event.data)) {
    const { event_id: _, ...body } = event.data;
    return { path: "/api/webhooks/deployment", body };
  }
  return { path: "/api/v1/events", body: cloudEventOf(event, newId) };
}

/** The same as a command. */
export function resendCommand(event: StoredEvent, newId: string): string {
  const { path, body } = sendingOf(event, newId);
  return curlOf(path, {}, { method: "POST", body });
}

/** The deployment that an event is about, if it is about one. */
export function deploymentOf(event: StoredEvent): { id: string; project: string } | null {
  const isAboutOne =
    event.source === "deployment" ||
    event.source === "github" ||
    event.type.startsWith("deployment.");
  return isAboutOne && event.subject !== "" ? { id: event.subject, project: event.project } : null;
}

/** An id as good as a UUID also where the page is not served over TLS. */
export function newEventId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function cloudEventOf(event: StoredEvent, newId: string): Record<string, unknown> {
  const given = event.attributes ?? { datacontenttype: "application/json" };
  const body: Record<string, unknown> = {
    specversion: "1.0",
    source: `/resent/${event.source}`,
    type: event.type,
    time: event.occurred_at,
    ...given,
    id: newId,
  };
  if (event.subject !== "") {
    body["subject"] = event.subject;
  }
  if (event.project !== "") {
    body["project"] = event.project;
  }
  if (!("data_base64" in body) && event.data !== null && event.data !== undefined) {
    body["data"] = event.data;
  }
  return body;
}
