// Who wants to be called for what; a handler that fails never stops the others.

import type { ServerMessage, ServerMessages } from "./messages.ts";

export type Handler<Data> = (data: Data, message: ServerMessage<Data>) => void;
export type Off = () => void;

/** A set of functions that are called together. */
export class Listeners<Arguments extends unknown[]> {
  readonly #all = new Set<(...values: Arguments) => void>();

  add(listener: (...values: Arguments) => void): Off {
    this.#all.add(listener);
    return () => {
      this.#all.delete(listener);
    };
  }

  call(...values: Arguments): void {
    for (const listener of [...this.#all]) {
      guarded(() => listener(...values));
    }
  }
}

/** Handlers by type of message. */
export class Handlers {
  readonly #byType = new Map<string, Listeners<[unknown, ServerMessage]>>();

  on<Type extends keyof ServerMessages>(type: Type, handler: Handler<ServerMessages[Type]>): Off;
  on(type: string, handler: Handler<unknown>): Off;
  on(type: string, handler: Handler<never>): Off {
    let listeners = this.#byType.get(type);
    if (listeners === undefined) {
      listeners = new Listeners();
      this.#byType.set(type, listeners);
    }
    return listeners.add(handler as (data: unknown, message: ServerMessage) => void);
  }

  call(message: ServerMessage): void {
    this.#byType.get(message.type)?.call(message.data, message);
  }
}

/** Run what belongs to somebody else: its error is shown and ends nothing. */
export function guarded(run: () => void): void {
  try {
    run();
  } catch (error) {
    console.error("tocsin-client: a handler failed", error);
  }
}
