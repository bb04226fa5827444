import assert from "node:assert/strict";
import { test } from "node:test";

import { address, asWish, DEFAULTS, randomClientId, withDefaults } from "../src/options.ts";

test("an address becomes one of a socket, with the client's id", () => {
  assert.equal(address("ws://h:8000/ws", "me"), "ws://h:8000/ws?client_id=me");
  assert.equal(address("https://h/ws?a=1#part", "me"), "wss://h/ws?a=1&client_id=me");
  assert.equal(address("ws://h/ws?client_id=own", "me"), "ws://h/ws?client_id=own");
});

test("a path alone is one of the page's own server", (context) => {
  Object.assign(globalThis, { location: { href: "https://h.example/page" } });
  context.after(() => Reflect.deleteProperty(globalThis, "location"));

  assert.equal(address("/ws", "me"), "wss://h.example/ws?client_id=me");
});

test("what is no address is an error", () => {
  assert.throws(() => address("/ws", "me"), TypeError);
});

test("a list of types is a wish", () => {
  assert.deepEqual(asWish(["alert"]), { eventTypes: ["alert"] });
  assert.deepEqual(asWish({ projects: ["shop"] }), { projects: ["shop"] });
});

test("two clients have two ids", () => {
  assert.notEqual(randomClientId(), randomClientId());
});

test("what is undefined is the default", () => {
  const options = { pingInterval: undefined, pingLimit: 5 } as unknown as { pingLimit: number };

  assert.deepEqual(withDefaults(options), { ...DEFAULTS, pingLimit: 5 });
});
