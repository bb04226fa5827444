// A WebSocket whose other side is the test.

import type { SocketLike } from "../src/line.ts";

type Callback = ((event: any) => void) | null;

export class FakeSocket implements SocketLike {
  /** All that were made, the newest last; emptied by `forget`. */
  static all: FakeSocket[] = [];

  readonly url: string;
  readonly said: any[] = [];
  readyState = 0;
  closedWith: number | undefined | null = null;
  onopen: Callback = null;
  onmessage: Callback = null;
  onclose: Callback = null;
  onerror: Callback = null;

  constructor(url: string) {
    this.url = url;
    FakeSocket.all.push(this);
  }

  static get last(): FakeSocket {
    const socket = FakeSocket.all.at(-1);
    if (socket === undefined) {
      throw new Error("no socket was made");
    }
    return socket;
  }

  static forget(): void {
    FakeSocket.all = [];
  }

  send(text: string): void {
    this.said.push(JSON.parse(text));
  }

  close(code?: number): void {
    this.readyState = 2;
    this.closedWith = code;
  }

  // --- the other side

  open(): void {
    this.readyState = 1;
    this.onopen?.({});
  }

  hear(data: unknown): void {
    this.onmessage?.({ data: typeof data === "string" ? data : JSON.stringify(data) });
  }

  end(code = 1006, reason = ""): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }

  /** Open, greet as Tocsin does. */
  greet(seq = 0, epoch = "e"): void {
    this.open();
    this.hear({ type: "connection_status", data: { features: ["resume"], epoch, seq } });
  }

  /** The latest message of a type that was said. */
  saidLast(type: string): any {
    return this.said.findLast((message) => message.type === type);
  }

  /** Answer the latest `subscribe`. */
  confirm(recovered: boolean | null, seq: number, epoch = "e"): void {
    const { request_id } = this.saidLast("subscribe");
    this.hear({ type: "subscribed", data: { recovered, seq, epoch }, request_id });
  }
}

/** A journaled message. */
export function event(seq: number, epoch = "e", type = "posco_event") {
  return { type, data: { deployment_id: `d${seq}` }, seq, epoch };
}
