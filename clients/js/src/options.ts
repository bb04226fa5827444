// What a WebSocketManager can be told, with its defaults.

import type { SocketConstructor } from "./line.ts";
import type { Place } from "./place.ts";
import type { Wish } from "./subscription.ts";

export interface Options {
  /** A token of the server; a function is asked anew for each line. It is never logged. */
  token?: string | (() => string | Promise<string>);
  /** Names this client to the server, which counts connections by it; else a random one. */
  clientId?: string;
  clientType?: string;
  /** What to get from the start on, as by `subscribe`. */
  subscribe?: Wish | readonly string[];
  /** Go on after this place, as `getConnectionStatus().place` gave it. */
  since?: Place;
  /** Tries in a row before it gives up; for ever by default. */
  maxReconnectAttempts?: number;
  /** The longest pause between two tries, in milliseconds. */
  reconnectInterval?: number;
  /** A ping after so many milliseconds; the server closes what is silent for 5 minutes. */
  pingInterval?: number;
  /** After a ping something must come within so many milliseconds, or the line is lost. */
  pingLimit?: number;
  /** How long a line may take to open, and a server to answer its first questions. */
  openLimit?: number;
  /** How many messages `getMessageHistory()` keeps. */
  historySize?: number;
  enableDebug?: boolean;
  /** Connect by itself at once; else `connect()` does it. */
  autoConnect?: boolean;
  /** The WebSocket to use where the runtime has none (the `ws` package's fits). */
  WebSocket?: SocketConstructor;
  /** From 0 up to 1; for tests. */
  random?: () => number;
}

export const DEFAULTS = {
  clientType: "tocsin-client",
  maxReconnectAttempts: Infinity,
  reconnectInterval: 10_000,
  pingInterval: 30_000,
  pingLimit: 15_000,
  openLimit: 10_000,
  historySize: 100,
  enableDebug: false,
  autoConnect: true,
  random: Math.random,
} as const;

export type Chosen = Options & typeof DEFAULTS;

/** What was chosen, over the defaults; what is undefined was not. */
export function withDefaults(options: Options): Chosen {
  const chosen = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...DEFAULTS, ...Object.fromEntries(chosen) };
}

/** A wish, also out of its short form, a list of types. */
export function asWish(wish: Wish | readonly string[]): Wish {
  return isList(wish) ? { eventTypes: wish } : wish;
}

/** The address of the socket: ws or wss, without a fragment, with the client's id. */
export function address(url: string, clientId: string): string {
  const here = (globalThis as { location?: { href: string } }).location?.href;
  const found = new URL(url, here);
  found.protocol = found.protocol.replace(/^http/, "ws");
  found.hash = "";
  if (!found.searchParams.has("client_id")) {
    found.searchParams.set("client_id", clientId);
  }
  return found.href;
}

export function randomClientId(): string {
  return `js_${Math.random().toString(36).slice(2, 12)}`;
}

function isList(wish: Wish | readonly string[]): wish is readonly string[] {
  return Array.isArray(wish);
}
