// What a WebSocketManager tells about its line.

import type { Place } from "./place.ts";

export type LinkState = "idle" | "connecting" | "connected" | "waiting" | "closed";

/** What happens to the line, as `onLink` is told. */
export type LinkChange =
  /** The first line stands. `recovered` is set when it was asked to go on after a place. */
  | { kind: "opened"; place: Place | null; recovered: boolean | null; missed: number | null }
  /** A line ended and is tried again. Told once, however many tries it takes. */
  | { kind: "lost"; code: number; reason: string }
  /**
   * A line stands again. With `recovered` all that was missed follows; without, `missed` says
   * how many events at most are not given, null when that cannot be known.
   */
  | { kind: "back"; place: Place | null; recovered: boolean; missed: number | null }
  /** No further tries: `close()` was called, the server refuses, or the tries are used up. */
  | { kind: "closed"; code: number; reason: string; why: "asked" | "refused" | "gave_up" };

export interface ConnectionStatus {
  state: LinkState;
  isConnected: boolean;
  url: string;
  clientId: string;
  reconnectAttempts: number;
  /** When the next try is; null while none is waited for. */
  retryAt: string | null;
  /** Whether the present line goes on where the one before ended; null: it is the first. */
  recovered: boolean | null;
  /** Up to where the journal was handed on; `since` of a new manager goes on from there. */
  place: Place | null;
  /** Of the last ping, there and back. */
  latencyMs: number | null;
  connectedAt: string | null;
  lastMessageAt: string | null;
}
