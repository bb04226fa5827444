import assert from "node:assert/strict";
import { test } from "node:test";

import { readMessage } from "../src/messages.ts";

test("a message is read, whatever its type", () => {
  assert.deepEqual(readMessage('{"type": "new", "data": {"a": 1}, "seq": 2}'), {
    type: "new",
    data: { a: 1 },
    seq: 2,
  });
});

for (const [data, reason] of [
  [new ArrayBuffer(2), "not text"],
  ["{broken", "not JSON"],
  ["[]", "not an object"],
  ["null", "not an object"],
  ["3", "not an object"],
  ['{"data": {}}', "without a type"],
  ['{"type": 3, "data": {}}', "without a type"],
  ['{"type": "a"}', "without data"],
  ['{"type": "a", "data": null}', "without data"],
] as const) {
  test(`what is no message is told as such: ${String(data)}`, () => {
    assert.equal(readMessage(data), reason);
  });
}
