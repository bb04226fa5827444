import assert from "node:assert/strict";
import { test } from "node:test";

import { History } from "../src/history.ts";

function kept(size: number, added: number): string[] {
  const history = new History(size);
  for (let number = 1; number <= added; number += 1) {
    const message = { type: String(number), data: {} };
    history.add({ direction: "in", at: "", message });
  }
  return history.entries().map((entry) => entry.message.type);
}

test("the last messages are kept, oldest first", () => {
  assert.deepEqual(kept(3, 0), []);
  assert.deepEqual(kept(3, 2), ["1", "2"]);
  assert.deepEqual(kept(3, 3), ["1", "2", "3"]);
  assert.deepEqual(kept(3, 5), ["3", "4", "5"]);
  assert.deepEqual(kept(3, 6), ["4", "5", "6"]);
});

test("a size of nothing keeps nothing", () => {
  assert.deepEqual(kept(0, 5), []);
  assert.deepEqual(kept(-1, 5), []);
});
