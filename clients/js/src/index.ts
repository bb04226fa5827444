// What the package gives.

export { WebSocketManager } from "./manager.ts";
export type { Handler, Off } from "./handlers.ts";
export type { HistoryEntry } from "./history.ts";
export type { SocketConstructor, SocketLike } from "./line.ts";
export * from "./messages.ts";
export type { Options } from "./options.ts";
export type { Place } from "./place.ts";
export type { ConnectionStatus, LinkChange, LinkState } from "./status.ts";
export type { Unwish, Wish } from "./subscription.ts";
