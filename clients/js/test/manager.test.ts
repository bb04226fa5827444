import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import { WebSocketManager } from "../src/manager.ts";
import type { Options } from "../src/options.ts";
import type { LinkChange } from "../src/status.ts";
import { inBrowser } from "./browser.ts";
import { event, FakeSocket } from "./fake-socket.ts";

function started(context: TestContext, options: Options = {}, Class = WebSocketManager) {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  FakeSocket.forget();
  const manager = new Class("ws://h/ws", {
    WebSocket: FakeSocket,
    clientId: "me",
    random: () => 0.5,
    ...options,
  });
  const changes: LinkChange[] = [];
  const seqs: (number | undefined)[] = [];
  manager.onLink((change) => changes.push(change));
  manager.onAny((message) => message.seq !== undefined && seqs.push(message.seq));
  context.after(() => manager.close());
  const tick = (ms: number) => context.mock.timers.tick(ms);
  return { manager, changes, seqs, tick, kinds: () => changes.map((change) => change.kind) };
}

/** Let promises that are due come about. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

// --- the line

test("it connects by itself and tells who it is", (context) => {
  const { manager, kinds } = started(context);
  FakeSocket.last.greet(3);

  assert.equal(FakeSocket.last.url, "ws://h/ws?client_id=me");
  assert.equal(FakeSocket.last.saidLast("client_info").data.client_id, "me");
  assert.equal(FakeSocket.last.said.length, 1);
  assert.deepEqual(kinds(), ["opened"]);
  const status = manager.getConnectionStatus();
  assert.equal(status.isConnected, true);
  assert.deepEqual(status.place, { epoch: "e", seq: 3 });
});

test("it connects when it is told to, and once", (context) => {
  const { manager } = started(context, { autoConnect: false });
  assert.equal(FakeSocket.all.length, 0);

  manager.connect();
  manager.connect();

  assert.equal(FakeSocket.all.length, 1);
  assert.equal(manager.getConnectionStatus().state, "connecting");
});

test("it tells when it tries again, and nothing of that while there is a line", (context) => {
  const { manager, tick } = started(context);
  FakeSocket.last.greet();
  assert.equal(manager.getConnectionStatus().retryAt, null);
  const before = Date.now();
  FakeSocket.last.end();

  const waitMs = Date.parse(manager.getConnectionStatus().retryAt ?? "") - before;
  assert.ok(waitMs >= 125 && waitMs < 10_000);
  tick(125);
  assert.equal(manager.getConnectionStatus().retryAt, null);
});

test("a lost line is told once and tried again with growing pauses", (context) => {
  const { manager, kinds, tick } = started(context);
  FakeSocket.last.greet();
  FakeSocket.last.end();

  for (const pause of [125, 250, 500, 1000]) {
    const before = FakeSocket.all.length;
    tick(pause - 1);
    assert.equal(FakeSocket.all.length, before);
    tick(1);
    assert.equal(FakeSocket.all.length, before + 1);
    FakeSocket.last.end();
  }

  assert.deepEqual(kinds(), ["opened", "lost"]);
  assert.equal(manager.reconnectAttempts, 5);
});

test("a line that stood for long makes the next loss a first one", (context) => {
  const { manager, tick } = started(context);
  FakeSocket.last.end();
  tick(125);
  FakeSocket.last.greet();
  assert.equal(manager.reconnectAttempts, 1);
  tick(5_000);

  assert.equal(manager.reconnectAttempts, 0);
});

test("a server that lets in and throws out at once is not asked in a rush", (context) => {
  const { manager, tick } = started(context);
  for (let round = 0; round < 6; round += 1) {
    FakeSocket.last.greet();
    FakeSocket.last.end(4429, "too_many_connections");
    tick(10_000);
  }

  assert.equal(manager.reconnectAttempts, 6);
});

test("it gives up after so many tries, when told so", (context) => {
  const { manager, changes, tick } = started(context, { maxReconnectAttempts: 2 });
  for (let round = 0; round < 5; round += 1) {
    FakeSocket.last.end(1006, "gone");
    tick(10_000);
  }

  assert.equal(FakeSocket.all.length, 3);
  assert.deepEqual(changes.at(-1), { kind: "closed", code: 1006, reason: "gone", why: "gave_up" });
  assert.equal(manager.getConnectionStatus().state, "closed");
});

for (const code of [4500, 4501, 4510, 4999]) {
  test(`it does not come back after ${code}`, (context) => {
    const { changes, tick } = started(context);
    FakeSocket.last.greet();
    FakeSocket.last.end(code, "no");
    tick(120_000);

    assert.equal(FakeSocket.all.length, 1);
    assert.deepEqual(changes.at(-1), { kind: "closed", code, reason: "no", why: "refused" });
  });
}

for (const code of [1000, 1001, 1006, 1012, 4001, 4008, 4499]) {
  test(`it comes back after ${code}`, (context) => {
    const { tick } = started(context);
    FakeSocket.last.greet();
    FakeSocket.last.end(code);
    tick(10_000);

    assert.equal(FakeSocket.all.length, 2);
  });
}

test("a line that does not open is given up", (context) => {
  const { tick } = started(context);
  tick(10_000);
  tick(125);

  assert.equal(FakeSocket.all.length, 2);
});

test("a line on which the server does not say how it stands is given up", (context) => {
  const { changes, tick } = started(context);
  FakeSocket.last.open();
  tick(10_000);

  assert.deepEqual(changes, [{ kind: "lost", code: 1006, reason: "no answer in time" }]);
});

test("a silent line is given up after a ping and 15 seconds", (context) => {
  const { changes, tick } = started(context);
  FakeSocket.last.greet();
  tick(30_000);
  assert.equal(FakeSocket.last.saidLast("ping").type, "ping");
  tick(15_000);

  assert.deepEqual(changes.at(-1), { kind: "lost", code: 1006, reason: "silent for too long" });
});

test("it ends when it is told to, in whatever state", (context) => {
  const { manager, changes, kinds, tick } = started(context);
  FakeSocket.last.greet();
  manager.close();
  manager.close();
  tick(120_000);

  assert.equal(FakeSocket.last.closedWith, 1000);
  assert.equal(FakeSocket.all.length, 1);
  assert.deepEqual(kinds(), ["opened", "closed"]);
  manager.connect();
  FakeSocket.last.end();
  manager.close();
  tick(120_000);
  assert.equal(FakeSocket.all.length, 2);
  assert.deepEqual(changes.at(-1)?.kind, "closed");
});

test("it may be closed by who is told of the loss", (context) => {
  const { manager, kinds, tick } = started(context);
  manager.onLink((change) => change.kind === "lost" && manager.close());
  FakeSocket.last.greet();
  FakeSocket.last.end();
  tick(120_000);

  assert.equal(FakeSocket.all.length, 1);
  assert.deepEqual(kinds(), ["opened", "lost", "closed"]);
});

test("a network that is back is used soon, a doubtful line is asked", (context) => {
  const { window } = inBrowser(context);
  const { tick } = started(context, { random: () => 1 });
  FakeSocket.last.greet();
  window.dispatchEvent(new Event("offline"));
  assert.equal(FakeSocket.last.saidLast("ping").type, "ping");
  tick(15_000);
  for (let round = 0; round < 8; round += 1) {
    tick(10_000);
    FakeSocket.last.end();
  }
  const before = FakeSocket.all.length;

  window.dispatchEvent(new Event("online"));
  tick(500);

  assert.equal(FakeSocket.all.length, before + 1);
});

// --- going on

test("a new line goes on where the last one ended, nothing twice", (context) => {
  const { changes, seqs, tick } = started(context);
  FakeSocket.last.greet(3);
  FakeSocket.last.hear(event(4));
  FakeSocket.last.end();
  tick(10_000);
  FakeSocket.last.greet(6);
  assert.deepEqual(FakeSocket.last.saidLast("subscribe").data, { since: { epoch: "e", seq: 4 } });
  FakeSocket.last.hear(event(7));
  FakeSocket.last.confirm(true, 4);
  for (const seq of [5, 6, 7, 7, 8]) FakeSocket.last.hear(event(seq));

  assert.deepEqual(seqs, [4, 5, 6, 7, 8]);
  assert.deepEqual(changes.at(-1), {
    kind: "back",
    place: { epoch: "e", seq: 4 },
    recovered: true,
    missed: 0,
  });
});

test("another journal is told, and begun anew", (context) => {
  const { manager, changes, seqs, tick } = started(context);
  FakeSocket.last.greet(30);
  FakeSocket.last.hear(event(31));
  FakeSocket.last.end(4001, "draining");
  tick(10_000);
  FakeSocket.last.greet(2, "f");
  FakeSocket.last.confirm(false, 2, "f");
  FakeSocket.last.hear(event(3, "f"));

  assert.deepEqual(seqs, [31, 3]);
  assert.deepEqual(changes.at(-1), {
    kind: "back",
    place: { epoch: "f", seq: 2 },
    recovered: false,
    missed: null,
  });
  assert.equal(manager.getConnectionStatus().recovered, false);
});

test("it goes on after a place that was kept elsewhere", (context) => {
  const { changes } = started(context, { since: { epoch: "e", seq: 9 } });
  FakeSocket.last.greet(12);
  FakeSocket.last.confirm(true, 9);

  assert.deepEqual(changes, [
    { kind: "opened", place: { epoch: "e", seq: 9 }, recovered: true, missed: 0 },
  ]);
});

// --- what is subscribed

test("a subscription is told at once and on each new line", (context) => {
  const { manager, tick } = started(context, { subscribe: ["alert"] });
  manager.subscribe({ eventTypes: ["posco_event"], projects: ["shop"] });
  FakeSocket.last.greet(1);
  assert.deepEqual(FakeSocket.last.saidLast("subscribe").data, {
    event_types: ["alert", "posco_event"],
    projects: ["shop"],
  });
  FakeSocket.last.confirm(null, 1);
  manager.subscribe({ projects: ["blog"] });
  assert.deepEqual(FakeSocket.last.saidLast("subscribe").data, { projects: ["blog"] });
  manager.unsubscribe(["alert"]);
  assert.deepEqual(FakeSocket.last.saidLast("unsubscribe").data, { event_types: ["alert"] });
  manager.unsubscribe({ projects: ["shop"] });
  assert.deepEqual(FakeSocket.last.saidLast("unsubscribe").data, { projects: ["shop"] });
  FakeSocket.last.end();
  tick(10_000);
  FakeSocket.last.greet(1);

  assert.deepEqual(FakeSocket.last.saidLast("subscribe").data, {
    event_types: ["posco_event"],
    projects: ["blog"],
    since: { epoch: "e", seq: 1 },
  });
});

function refuse(error_code: string): void {
  const { request_id } = FakeSocket.last.saidLast("subscribe");
  FakeSocket.last.hear({ type: "error", data: { error_code }, request_id });
}

test("a subscription that the server refuses ends it, and the error is handed on", (context) => {
  const { manager, changes, tick } = started(context, { subscribe: ["of_tomorrow"] });
  const errors: string[] = [];
  manager.on("error", (data) => errors.push(data.error_code));
  FakeSocket.last.greet(1);
  refuse("INVALID_MESSAGE_FORMAT");
  tick(120_000);

  assert.deepEqual(errors, ["INVALID_MESSAGE_FORMAT"]);
  assert.equal(FakeSocket.all.length, 1);
  assert.deepEqual(changes, [
    { kind: "closed", code: 4500, reason: "not subscribed", why: "refused" },
  ]);
});

test("a server that cannot subscribe just now is tried again, from the same place", (context) => {
  const { tick } = started(context, { since: { epoch: "e", seq: 9 } });
  FakeSocket.last.greet(12);
  refuse("INTERNAL_SERVER_ERROR");
  tick(10_000);
  FakeSocket.last.greet(12);

  assert.equal(FakeSocket.all.length, 2);
  assert.deepEqual(FakeSocket.last.saidLast("subscribe").data.since, { epoch: "e", seq: 9 });
});

// --- signing in

for (const [how, token] of [
  ["as it is", "secret"],
  ["by a function", () => "secret"],
  ["by a promise", () => Promise.resolve("secret")],
] as const) {
  test(`a token given ${how} is shown first, and kept out of history and log`, async (context) => {
    const shown = context.mock.method(console, "debug", () => {});
    const { manager, kinds } = started(context, { token, enableDebug: true });
    FakeSocket.last.greet(1);
    await settle();
    assert.deepEqual(FakeSocket.last.said.map((message) => message.type), ["auth"]);
    assert.deepEqual(kinds(), []);
    FakeSocket.last.hear({ type: "authenticated", data: { role: "viewer", name: "ci" } });

    assert.deepEqual(FakeSocket.last.said[0].data, { token: "secret" });
    assert.equal(FakeSocket.last.said[1].type, "client_info");
    assert.deepEqual(kinds(), ["opened"]);
    assert.ok(!JSON.stringify(manager.getMessageHistory()).includes("secret"));
    assert.ok(!JSON.stringify(shown.mock.calls.map((call) => call.arguments)).includes("secret"));
  });
}

test("a server's wish that one signs in is no error while that is under way", (context) => {
  const { manager, kinds } = started(context, { token: "secret" });
  const told: string[] = [];
  manager.on("error", (data) => told.push(data.error_message));
  FakeSocket.last.open();
  const ask = (error_message: string, request_id?: string) =>
    FakeSocket.last.hear({
      type: "error",
      data: { error_code: "AUTHENTICATION_REQUIRED", error_message },
      request_id,
    });
  ask("sign in");
  ask("this token is wrong", FakeSocket.last.saidLast("auth").request_id);
  FakeSocket.last.hear({ type: "authenticated", data: { role: "viewer", name: "ci" } });
  assert.deepEqual(kinds(), []);
  FakeSocket.last.hear({ type: "connection_status", data: { epoch: "e", seq: 3 } });

  assert.deepEqual(told, ["this token is wrong"]);
  assert.deepEqual(kinds(), ["opened"]);
});

test("a token that cannot be had is tried again", async (context) => {
  let asked = 0;
  const token = () => {
    asked += 1;
    throw new Error("not now");
  };
  const { changes, tick } = started(context, { token });
  FakeSocket.last.open();
  await settle();
  assert.deepEqual(changes, [{ kind: "lost", code: 1006, reason: "no token" }]);
  tick(10_000);
  FakeSocket.last.open();

  assert.equal(asked, 2);
});

test("a token that comes too late for its line is not shown on the next", async (context) => {
  const give: ((token: string) => void)[] = [];
  const token = () => new Promise<string>((resolve) => give.push(resolve));
  const { tick } = started(context, { token });
  FakeSocket.last.open();
  FakeSocket.last.end();
  tick(10_000);
  FakeSocket.last.open();
  give[0]?.("old");
  await settle();

  assert.deepEqual(FakeSocket.last.said, []);
});

// --- what is heard and said

test("the document's methods and the handlers are called", (context) => {
  const called: string[] = [];
  class Mine extends WebSocketManager {
    override handleStatusUpdate(data: { cpu_percent: number | null }): void {
      called.push(`status ${data.cpu_percent}`);
    }
    override handleServiceEvent = () => called.push("service");
    override handleAlert(): void {
      called.push("alert");
    }
    override handlePong(): void {
      called.push("pong");
    }
    override sendClientInfo(): void {
      called.push("info");
    }
  }
  const { manager } = started(context, {}, Mine);
  manager.on("log_update", (data) => called.push(data.file_name));
  manager.on("status_update", () => called.push("handler"));
  FakeSocket.last.greet();
  for (const type of ["service_event", "alert", "pong", "of_tomorrow"]) {
    FakeSocket.last.hear({ type, data: {} });
  }
  FakeSocket.last.hear({ type: "status_update", data: { cpu_percent: 4 } });
  FakeSocket.last.hear({ type: "log_update", data: { file_name: "a.log" } });

  assert.deepEqual(called, ["info", "service", "alert", "pong", "status 4", "handler", "a.log"]);
});

test("rubbish is told and changes nothing", (context) => {
  const { manager, kinds, seqs } = started(context);
  const told: string[] = [];
  manager.onRubbish((_, reason) => told.push(reason));
  FakeSocket.last.greet(1);
  for (const rubbish of ["{", "[]", '{"type": "a"}', ""]) FakeSocket.last.hear(rubbish);
  FakeSocket.last.onmessage?.({ data: new ArrayBuffer(1) });
  FakeSocket.last.hear(event(2));

  assert.deepEqual(told, ["not JSON", "not an object", "without data", "not JSON", "not text"]);
  assert.deepEqual(seqs, [2]);
  assert.deepEqual(kinds(), ["opened"]);
});

test("a handler that fails ends nothing", (context) => {
  context.mock.method(console, "error", () => {});
  const { manager, seqs } = started(context);
  manager.on("posco_event", () => {
    throw new Error("mine");
  });
  FakeSocket.last.greet(1);
  FakeSocket.last.hear(event(2));
  FakeSocket.last.hear(event(3));

  assert.deepEqual(seqs, [2, 3]);
});

test("what is said without a line is refused, else it carries the time", (context) => {
  const { manager } = started(context);
  const control = { type: "service_control", data: { service_id: "a", action: "restart" } };
  assert.equal(manager.send(control), false);
  FakeSocket.last.greet();

  assert.equal(manager.send({ ...control, request_id: "r" }), true);
  const said = FakeSocket.last.saidLast("service_control");
  assert.equal(said.request_id, "r");
  assert.ok(!Number.isNaN(Date.parse(said.timestamp)));
});

test("a pong tells the latency, its own only", (context) => {
  let now = 0;
  context.mock.method(performance, "now", () => now);
  const { manager } = started(context);
  FakeSocket.last.greet();
  manager.ping();
  const { request_id } = FakeSocket.last.saidLast("ping");
  now = 12;
  FakeSocket.last.hear({ type: "pong", data: {} });
  assert.equal(manager.getConnectionStatus().latencyMs, null);
  FakeSocket.last.hear({ type: "pong", data: {}, request_id });

  assert.equal(manager.getConnectionStatus().latencyMs, 12);
});

test("the history holds both directions, the last ones", (context) => {
  const { manager } = started(context, { historySize: 3 });
  FakeSocket.last.greet(1);
  manager.ping();
  FakeSocket.last.hear(event(2));

  assert.deepEqual(
    manager.getMessageHistory().map((entry) => `${entry.direction} ${entry.message.type}`),
    ["in connection_status", "out ping", "in posco_event"],
  );
});

test("debugging says on the console what happens, while it is on", (context) => {
  const shown = context.mock.method(console, "debug", () => {});
  const { manager } = started(context);
  FakeSocket.last.greet(1);
  assert.equal(shown.mock.callCount(), 0);
  manager.enableDebug = true;
  FakeSocket.last.hear(event(2));

  assert.equal(shown.mock.callCount(), 1);
});

test("a runtime without WebSocket is told what to do", () => {
  const { WebSocket } = globalThis;
  Reflect.deleteProperty(globalThis, "WebSocket");
  try {
    assert.throws(() => new WebSocketManager("ws://h/ws"), /hand one in/);
  } finally {
    Object.assign(globalThis, { WebSocket });
  }
});
