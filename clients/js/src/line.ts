// One WebSocket, from its opening to its end, which is told exactly once.

/** What is needed of a WebSocket: the browsers', Node's and the `ws` package's all have it. */
export interface SocketLike {
  readonly readyState: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  // any: each runtime has event types of its own.
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
}

export type SocketConstructor = new (url: string) => SocketLike;

export interface LineEvents {
  opened(): void;
  received(data: unknown): void;
  /** 1006 when no close frame came. */
  ended(code: number, reason: string): void;
}

const OPEN = 1;
const NORMAL = 1000;
const ABNORMAL = 1006;

export class Line {
  readonly #events: LineEvents;
  readonly #socket: SocketLike;
  #openLimit: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  /** Throws what the runtime throws for an address that is none. */
  constructor(make: SocketConstructor, url: string, openLimitMs: number, events: LineEvents) {
    this.#events = events;
    this.#socket = new make(url);
    this.#openLimit = setTimeout(() => this.lose("no answer in time"), openLimitMs);
    this.#socket.onopen = () => {
      clearTimeout(this.#openLimit);
      events.opened();
    };
    this.#socket.onmessage = (event: { data: unknown }) => events.received(event.data);
    this.#socket.onclose = (event: { code?: number; reason?: string }) =>
      this.#end(event.code ?? ABNORMAL, event.reason ?? "");
    // A close event follows each error and says more.
    this.#socket.onerror = () => {};
  }

  get isOpen(): boolean {
    return !this.#isOver && this.#socket.readyState === OPEN;
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  /** End it, and do not wait for the other side, which may be gone. */
  lose(reason: string): void {
    this.#leave();
    this.#end(ABNORMAL, reason);
  }

  /** End it as asked; `ended` is told at once. */
  close(code = NORMAL, reason = ""): void {
    this.#leave(code);
    this.#end(code, reason);
  }

  #leave(code?: number): void {
    const socket = this.#socket;
    socket.onopen = socket.onmessage = socket.onclose = null;
    try {
      socket.close(code);
    } catch {
      // Some runtimes refuse to close what has not opened; it ends by itself then.
    }
  }

  #end(code: number, reason: string): void {
    if (this.#isOver) {
      return;
    }
    this.#isOver = true;
    clearTimeout(this.#openLimit);
    this.#events.ended(code, reason);
  }
}
