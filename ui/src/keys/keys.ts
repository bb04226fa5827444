// The keyboard: what is bound where, so that `?` can list just what works on the present screen.

import { onScopeDispose, shallowReactive } from "vue";

export interface Binding {
  /** As typed: "j", "?", "Escape", "ArrowDown", or two in a row: "g d". */
  keys: string;
  /** The key of the text that says what it does, under `keys`. */
  text: string;
  run: (event: KeyboardEvent) => void;
}

const bindings = shallowReactive(new Set<Binding>());
const SEQUENCE_MS = 1200;

let first = "";
let firstAt = 0;

/** What works now, in the order in which it was bound. */
export const bound: ReadonlySet<Binding> = bindings;

/** Bind keys until the component or scope ends; of two for the same keys the later one counts. */
export function useKeys(own: readonly Binding[]): void {
  for (const one of own) {
    bindings.add(one);
  }
  onScopeDispose(() => {
    for (const one of own) {
      bindings.delete(one);
    }
  });
}

/** Called for each key of the page; gives whether it was one of ours. */
export function press(event: KeyboardEvent, now: number): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) {
    return false;
  }
  if (isTyping(event.target)) {
    return false;
  }
  const pair = now - firstAt < SEQUENCE_MS ? `${first} ${event.key}` : "";
  const found = last(pair) ?? last(event.key);
  first = found === undefined ? event.key : "";
  firstAt = now;
  if (found === undefined) {
    return false;
  }
  event.preventDefault();
  found.run(event);
  return true;
}

function last(keys: string): Binding | undefined {
  return [...bindings].filter((one) => one.keys === keys).at(-1);
}

/** In fields keys are text, and on buttons and links Enter and Space press them. */
function isTyping(target: EventTarget | null): boolean {
  const element = target instanceof HTMLElement ? target : null;
  return (
    element !== null &&
    (element.isContentEditable || element.matches("input, textarea, select, [role=combobox]"))
  );
}
