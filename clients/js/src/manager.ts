// A line to a Tocsin server's /ws that is kept up: it reconnects, goes on where it was, and
// remembers what was subscribed.

import { Follower, type Settled } from "./follower.ts";
import { guarded, Handlers, Listeners, type Handler, type Off } from "./handlers.ts";
import { Heartbeat } from "./heartbeat.ts";
import { History, type HistoryEntry } from "./history.ts";
import type { SocketConstructor } from "./line.ts";
import { Link } from "./link.ts";
import {
  readMessage,
  type Alert,
  type ClientMessage,
  type Pong,
  type ServerFault,
  type ServerMessage,
  type ServerMessages,
  type ServiceEvent,
  type StatusUpdate,
} from "./messages.ts";
import {
  address,
  asWish,
  randomClientId,
  withDefaults,
  type Chosen,
  type Options,
} from "./options.ts";
import type { ConnectionStatus, LinkChange } from "./status.ts";
import { wishData, type Unwish, type Wish } from "./subscription.ts";

export class WebSocketManager {
  readonly url: string;
  readonly clientId: string;
  maxReconnectAttempts: number;
  /** The longest pause between two tries, in milliseconds. */
  reconnectInterval: number;
  /** Say on the console what happens. Tokens are left out. */
  enableDebug: boolean;

  readonly #options: Chosen;
  readonly #link: Link;
  readonly #follower: Follower;
  readonly #history: History;
  readonly #heartbeat: Heartbeat;
  readonly #handlers = new Handlers();
  readonly #any = new Listeners<[ServerMessage]>();
  readonly #linkListeners = new Listeners<[LinkChange]>();
  readonly #rubbish = new Listeners<[unknown, string]>();
  #isBegun = false;
  #recovered: boolean | null = null;
  #pinged: { id: string; at: number } | null = null;
  #latencyMs: number | null = null;
  #connectedAt: string | null = null;
  #lastMessageAt: string | null = null;
  #signingIn = "";
  #ids = 0;
  #lines = 0;

  constructor(url: string, options: Options = {}) {
    this.#options = withDefaults(options);
    this.url = url;
    this.clientId = options.clientId ?? randomClientId();
    this.maxReconnectAttempts = this.#options.maxReconnectAttempts;
    this.reconnectInterval = this.#options.reconnectInterval;
    this.enableDebug = this.#options.enableDebug;
    this.#history = new History(this.#options.historySize);
    this.#follower = new Follower(options.since ?? null);
    this.#link = this.#makeLink();
    if (options.subscribe !== undefined) {
      this.subscribe(options.subscribe);
    }
    this.#heartbeat = new Heartbeat(
      { intervalMs: this.#options.pingInterval, limitMs: this.#options.pingLimit },
      () => this.ping(),
      () => this.#link.lose("silent for too long"),
    );
    if (this.#options.autoConnect) {
      this.connect();
    }
  }

  // --- the line

  /** Open the line now; does nothing while there is one. */
  connect(): void {
    this.#link.connect();
  }

  /** End it for good. `connect()` opens it again, and goes on where it was. */
  close(): void {
    this.#link.close();
  }

  /** Called when a line ended that may be tried again; waits and connects. */
  handleReconnect(): void {
    this.#link.retry(this.maxReconnectAttempts, this.reconnectInterval);
  }

  /** Tries since the last good line. */
  get reconnectAttempts(): number {
    return this.#link.attempts;
  }

  set reconnectAttempts(attempts: number) {
    this.#link.attempts = attempts;
  }

  // --- what is said

  /** Say something; false when there is no line to say it on. */
  send(message: ClientMessage): boolean {
    if (!this.#link.isOpen) {
      this.#debug("not connected, not sent:", message.type);
      return false;
    }
    const whole = { timestamp: new Date().toISOString(), ...message };
    this.#link.send(JSON.stringify(whole));
    if (whole.type !== "auth") {
      this.#history.add({ direction: "out", at: whole.timestamp, message: whole });
      this.#debug("said", whole);
    }
    return true;
  }

  /** Tell the server who this is; called on each new line. */
  sendClientInfo(): void {
    const { navigator } = globalThis as { navigator?: { userAgent?: string; language?: string } };
    this.send({
      type: "client_info",
      data: {
        client_id: this.clientId,
        client_type: this.#options.clientType,
        user_agent: navigator?.userAgent ?? "",
        language: navigator?.language ?? "",
        timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        timestamp: new Date().toISOString(),
      },
    });
  }

  /**
   * Ask for types of messages, projects, deployments. The first call narrows to what it names,
   * later ones add. It is remembered, and told again on each new line.
   */
  subscribe(wish: Wish | readonly string[]): void {
    this.#change("subscribe", asWish(wish));
  }

  /** Get these no more: types of messages, projects, deployments. */
  unsubscribe(unwish: Unwish | readonly string[]): void {
    for (const { type, wish } of this.#follower.subscription.ending(asWish(unwish))) {
      this.#change(type, wish);
    }
  }

  /** Ask for a sign of life; `latencyMs` of the status is set by the answer. */
  ping(): boolean {
    const id = this.#newId();
    this.#pinged = { id, at: performance.now() };
    const data = { client_time: new Date().toISOString() };
    return this.send({ type: "ping", data, request_id: id });
  }

  // --- what is heard: handlers, and methods for classes made from this one

  /** Call `handler` for each message of a type. Gives a function that ends it. */
  on<Type extends keyof ServerMessages>(type: Type, handler: Handler<ServerMessages[Type]>): Off;
  on(type: string, handler: Handler<unknown>): Off;
  on(type: string, handler: Handler<never>): Off {
    return this.#handlers.on(type, handler as Handler<unknown>);
  }

  onAny(handler: (message: ServerMessage) => void): Off {
    return this.#any.add(handler);
  }

  onLink(handler: (change: LinkChange) => void): Off {
    return this.#linkListeners.add(handler);
  }

  /** Called with what came and why it is no message; it is left out otherwise. */
  onRubbish(handler: (data: unknown, reason: string) => void): Off {
    return this.#rubbish.add(handler);
  }

  handleMessage(message: ServerMessage): void {
    switch (message.type) {
      case "status_update":
        return this.handleStatusUpdate(message.data as StatusUpdate, message);
      case "service_event":
        return this.handleServiceEvent(message.data as ServiceEvent, message);
      case "alert":
        return this.handleAlert(message.data as Alert, message);
      case "pong":
        return this.handlePong(message.data as Pong, message);
    }
  }

  handleStatusUpdate(_data: StatusUpdate, _message: ServerMessage): void {}
  handleServiceEvent(_data: ServiceEvent, _message: ServerMessage): void {}
  handleAlert(_data: Alert, _message: ServerMessage): void {}
  handlePong(_data: Pong, _message: ServerMessage): void {}

  // --- to look at

  getConnectionStatus(): ConnectionStatus {
    return {
      state: this.#link.state,
      isConnected: this.#link.state === "connected",
      url: this.url,
      clientId: this.clientId,
      reconnectAttempts: this.reconnectAttempts,
      retryAt: this.#link.retryAt,
      recovered: this.#recovered,
      place: this.#follower.place,
      latencyMs: this.#latencyMs,
      connectedAt: this.#connectedAt,
      lastMessageAt: this.#lastMessageAt,
    };
  }

  /** The last messages in both directions, oldest first. */
  getMessageHistory(): HistoryEntry[] {
    return this.#history.entries();
  }

  // --- inside

  #makeLink(): Link {
    return new Link(
      {
        make: this.#socketConstructor(),
        address: () => address(this.url, this.clientId),
        openLimitMs: this.#options.openLimit,
        random: this.#options.random,
      },
      {
        opened: () => this.#opened(),
        received: (data) => this.#received(data),
        ended: () => {
          this.#isBegun = false;
          this.#connectedAt = null;
          this.#heartbeat.stop();
        },
        lost: () => this.handleReconnect(),
        doubted: () => this.#heartbeat.check(),
        told: (change) => this.#tell(change),
      },
    );
  }

  #opened(): void {
    this.#follower.opened();
    const { token } = this.#options;
    if (token === undefined) {
      this.#begin();
    } else if (typeof token === "string") {
      this.#signIn(token);
    } else {
      this.#signInLater(token);
    }
  }

  #signInLater(token: () => string | Promise<string>): void {
    this.#lines += 1;
    const line = this.#lines;
    const isSame = () => line === this.#lines && this.#link.isOpen;
    // A promise, also when it throws at once.
    new Promise<string>((resolve) => resolve(token())).then(
      (shown) => isSame() && this.#signIn(shown),
      () => isSame() && this.#link.lose("no token"),
    );
  }

  /** All else waits for the answer: before it, the server may refuse it. */
  #signIn(token: string): void {
    this.#signingIn = this.#newId();
    this.send({ type: "auth", data: { token }, request_id: this.#signingIn });
  }

  #begin(): void {
    this.#isBegun = true;
    this.sendClientInfo();
    for (const question of this.#follower.begin(() => this.#newId())) {
      this.send(question);
    }
    this.#heartbeat.start();
  }

  #change(type: "subscribe" | "unsubscribe", wish: Wish): void {
    const id = this.#newId();
    const isMore = type === "subscribe";
    this.#follower.change(id, (before) => (isMore ? before.with(wish) : before.without(wish)));
    if (this.#isBegun) {
      this.send({ type, data: wishData(wish), request_id: id });
    }
  }

  #received(data: unknown): void {
    this.#heartbeat.heard();
    this.#lastMessageAt = new Date().toISOString();
    const message = readMessage(data);
    if (typeof message === "string") {
      this.#debug("rubbish:", message);
      this.#rubbish.call(data, message);
      return;
    }
    if (message.type === "authenticated" && !this.#isBegun) {
      this.#begin();
    } else if (this.#isInvitation(message)) {
      return;
    }
    const { isWanted, settled, failed } = this.#follower.take(message);
    if (settled !== undefined) {
      this.#settled(settled);
    }
    if (isWanted) {
      this.#handOn(message);
    }
    if (failed === "again") {
      this.#link.lose("not subscribed");
    } else if (failed === "refused") {
      this.#link.refuse("not subscribed");
    }
  }

  /** Whether it only asks to sign in, which is under way. */
  #isInvitation({ type, data, request_id }: ServerMessage): boolean {
    const isAsking =
      type === "error" && (data as Partial<ServerFault>).error_code === "AUTHENTICATION_REQUIRED";
    const isSigningIn = this.#options.token !== undefined && !this.#isBegun;
    return isAsking && isSigningIn && request_id !== this.#signingIn;
  }

  #handOn(message: ServerMessage): void {
    if (message.seq !== undefined) {
      this.reconnectAttempts = 0;
    }
    if (message.type === "pong" && this.#pinged !== null && message.request_id === this.#pinged.id) {
      this.#latencyMs = Math.round(performance.now() - this.#pinged.at);
    }
    this.#history.add({ direction: "in", at: this.#lastMessageAt ?? "", message });
    this.#debug("heard", message);
    guarded(() => this.handleMessage(message));
    this.#handlers.call(message);
    this.#any.call(message);
  }

  #settled({ recovered, missed, isFirst }: Settled): void {
    this.#link.settled();
    this.#connectedAt = new Date().toISOString();
    this.#recovered = recovered;
    const { place } = this.#follower;
    this.#tell(
      isFirst
        ? { kind: "opened", place, recovered, missed }
        : { kind: "back", place, recovered: recovered === true, missed },
    );
  }

  #tell(change: LinkChange): void {
    this.#debug("line", change);
    this.#linkListeners.call(change);
  }

  #newId(): string {
    this.#ids += 1;
    return `${this.clientId}-${this.#ids}`;
  }

  #socketConstructor(): SocketConstructor {
    const found =
      this.#options.WebSocket ?? (globalThis as { WebSocket?: SocketConstructor }).WebSocket;
    if (found === undefined) {
      throw new Error("this runtime has no WebSocket; hand one in by the option `WebSocket`");
    }
    return found;
  }

  #debug(...values: unknown[]): void {
    if (this.enableDebug) {
      console.debug("tocsin-client:", ...values);
    }
  }
}
