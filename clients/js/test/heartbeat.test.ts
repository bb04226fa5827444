import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import { Heartbeat } from "../src/heartbeat.ts";

function beating(context: TestContext) {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const seen: string[] = [];
  const heartbeat = new Heartbeat(
    { intervalMs: 30_000, limitMs: 15_000 },
    () => seen.push("ping"),
    () => seen.push("lost"),
  );
  heartbeat.start();
  return { heartbeat, seen, tick: (ms: number) => context.mock.timers.tick(ms) };
}

test("a line that answers is pinged for ever", (context) => {
  const { heartbeat, seen, tick } = beating(context);

  for (let beat = 0; beat < 5; beat += 1) {
    tick(30_000);
    heartbeat.heard();
  }
  tick(29_999);

  assert.deepEqual(seen, ["ping", "ping", "ping", "ping", "ping"]);
});

test("45 seconds of silence are the end", (context) => {
  const { seen, tick } = beating(context);

  tick(30_000);
  assert.deepEqual(seen, ["ping"]);
  tick(14_999);
  assert.deepEqual(seen, ["ping"]);
  tick(1);
  tick(120_000);

  assert.deepEqual(seen, ["ping", "lost"]);
});

test("a doubt is cleared up at once, and further doubts do not put the end off", (context) => {
  const { heartbeat, seen, tick } = beating(context);

  heartbeat.check();
  tick(10_000);
  heartbeat.check();
  tick(5_000);

  assert.deepEqual(seen, ["ping", "ping", "lost"]);
});

test("after the stop nothing happens", (context) => {
  const { heartbeat, seen, tick } = beating(context);

  heartbeat.check();
  heartbeat.stop();
  tick(120_000);

  assert.deepEqual(seen, ["ping"]);
});
