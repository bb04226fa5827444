import assert from "node:assert/strict";
import { test } from "node:test";

import { Handlers, Listeners } from "../src/handlers.ts";

test("a handler gets the data of its type, until it is taken off", () => {
  const handlers = new Handlers();
  const levels: string[] = [];
  const off = handlers.on("alert", (data, message) => levels.push(`${message.type} ${data.level}`));

  handlers.call({ type: "alert", data: { level: "error" } });
  handlers.call({ type: "pong", data: {} });
  off();
  handlers.call({ type: "alert", data: { level: "info" } });

  assert.deepEqual(levels, ["alert error"]);
});

test("a handler that fails is shown and stops no other", (context) => {
  const shown = context.mock.method(console, "error", () => {});
  const listeners = new Listeners<[number]>();
  const got: number[] = [];
  listeners.add(() => {
    throw new Error("mine");
  });
  listeners.add((value) => got.push(value));

  listeners.call(7);

  assert.deepEqual(got, [7]);
  assert.match(String(shown.mock.calls[0]?.arguments[1]), /mine/);
});

test("a handler may take itself off while it is called", () => {
  const listeners = new Listeners<[]>();
  let count = 0;
  const off = listeners.add(() => {
    count += 1;
    off();
  });

  listeners.call();
  listeners.call();

  assert.equal(count, 1);
});
