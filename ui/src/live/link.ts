// The one live connection of the page. What it says is a bell: screens read the API again.
//
// A frame tells which deployment has news; what stands on the screen always comes from the API, so
// that it is whole after any loss. While there is no line the bell rings by itself.

import { onScopeDispose, readonly, ref } from "vue";
import { type DeploymentEvent, type LinkChange, WebSocketManager } from "tocsin-client";
import { under } from "@/surroundings/prefix.ts";

/** `waiting`: the line is lost and tried again; what is shown is read each ten seconds. */
export type LinkState = "idle" | "connecting" | "live" | "waiting";

/** What has news; without an event anything may have. */
export interface Ring {
  event: DeploymentEvent | null;
  seq: number | null;
}

type Listener = (ring: Ring) => void;

const POLL_MS = 10_000;
const SOMETHING: Ring = { event: null, seq: null };

const listeners = new Set<Listener>();
const state = ref<LinkState>("idle");
const lostAt = ref<number | null>(null);
const caughtUp = ref<{ at: number; events: number | null } | null>(null);

let manager: WebSocketManager | null = null;
let poll: ReturnType<typeof setInterval> | undefined;

export const linkState = readonly(state);
/** Since when the line is lost, in milliseconds since 1970. */
export const linkLostAt = readonly(lostAt);
/** When the line came back last, and how many events went by meanwhile; null when unknown. */
export const linkCaughtUp = readonly(caughtUp);

/** When the next try is, in milliseconds since 1970; not reactive: it is asked for each second. */
export function linkRetryAt(): number | null {
  const at = manager?.getConnectionStatus().retryAt ?? null;
  return at === null ? null : Date.parse(at);
}

/** Be rung at until the component or scope ends. */
export function useRing(listener: Listener): void {
  listeners.add(listener);
  onScopeDispose(() => listeners.delete(listener));
}

/** Open the line; again after a sign-in, as another person. */
export function openLink(): void {
  closeLink();
  state.value = "connecting";
  manager = new WebSocketManager(under("/api/v1/ws"), {
    clientType: "tocsin-screens",
    subscribe: ["deployment_event"],
    maxReconnectAttempts: Infinity,
    historySize: 0,
  });
  manager.on("deployment_event", (event, message) => {
    ring({ event, seq: message.seq ?? null });
  });
  manager.onLink(linkChanged);
}

/** Close it for good, as when nobody is signed in. */
export function closeLink(): void {
  manager?.close();
  manager = null;
  state.value = "idle";
  setPolling(false);
}

function linkChanged(change: LinkChange): void {
  if (change.kind === "opened" || change.kind === "back") {
    state.value = "live";
    lostAt.value = null;
    setPolling(false);
    if (change.kind === "back") {
      caughtUp.value = { at: Date.now(), events: change.recovered ? null : change.missed };
    }
    ring(SOMETHING);
    return;
  }
  if (change.kind === "closed" && change.why === "asked") {
    return;
  }
  state.value = "waiting";
  lostAt.value ??= Date.now();
  setPolling(true);
}

function setPolling(isOn: boolean): void {
  clearInterval(poll);
  if (isOn) {
    poll = setInterval(() => ring(SOMETHING), POLL_MS);
  }
}

/** Tell all who listen. */
export function ring(what: Ring): void {
  for (const listener of [...listeners]) {
    listener(what);
  }
}
