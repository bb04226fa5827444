import { effectScope } from "vue";
import { describe, expect, it, vi } from "vitest";
import { press, useKeys } from "@/keys/keys.ts";

function key(name: string, more: KeyboardEventInit = {}, target: EventTarget = document.body) {
  const event = new KeyboardEvent("keydown", { key: name, cancelable: true, bubbles: true, ...more });
  target.dispatchEvent(event);
  return event;
}

function bound(...keys: string[]) {
  const runs = keys.map(() => vi.fn());
  const scope = effectScope();
  scope.run(() => useKeys(keys.map((one, at) => ({ keys: one, text: "help", run: runs[at] as () => void }))));
  return { runs, end: () => scope.stop() };
}

describe("a key", () => {
  it("does what it is bound to, and nothing once its screen is gone", () => {
    const { runs, end } = bound("j");
    expect(press(key("j"), 0)).toBe(true);
    end();

    expect(press(key("j"), 1)).toBe(false);
    expect(runs[0]).toHaveBeenCalledTimes(1);
  });

  it("may be two in a row, within a moment", () => {
    const { runs, end } = bound("g d");
    press(key("g"), 0);
    press(key("d"), 500);
    press(key("g"), 1000);
    press(key("d"), 5000);
    end();

    expect(runs[0]).toHaveBeenCalledTimes(1);
  });

  it("means what was bound last", () => {
    const { runs, end } = bound("n", "n");
    press(key("n"), 0);
    end();

    expect(runs.map((run) => run?.mock.calls.length)).toEqual([0, 1]);
  });

  it.each([{ ctrlKey: true }, { metaKey: true }, { altKey: true }])(
    "belongs to the browser with %o",
    (modifier) => {
      const { runs, end } = bound("f");
      press(key("f", modifier), 0);
      end();

      expect(runs[0]).not.toHaveBeenCalled();
    },
  );

  it("is text in a field", () => {
    const { runs, end } = bound("f");
    const field = document.body.appendChild(document.createElement("input"));
    press(key("f", {}, field), 0);
    end();

    expect(runs[0]).not.toHaveBeenCalled();
  });
});
