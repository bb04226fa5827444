// Reads an event as a CloudEvent: the same address, asked for another form.

import { Problem } from "@/api/call.ts";
import { under } from "@/surroundings/prefix.ts";

export async function readCloudEvent(path: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(under(path), {
    headers: { Accept: "application/cloudevents+json" },
    credentials: "same-origin",
    signal,
  });
  const said = (await response.json()) as unknown;
  if (!response.ok) {
    const { reason = "", detail = "" } = (said ?? {}) as { reason?: string; detail?: string };
    throw new Problem(response.status, reason, detail, said);
  }
  return said;
}
