import assert from "node:assert/strict";
import { test } from "node:test";

import { Follower, type Settled } from "../src/follower.ts";
import type { ServerMessage } from "../src/messages.ts";
import { event } from "./fake-socket.ts";

function greeting(seq: number, epoch = "e", features = ["resume"]): ServerMessage {
  return { type: "connection_status", data: { features, epoch, seq } };
}

function answer(recovered: boolean | null, seq: number, epoch = "e"): ServerMessage {
  return { type: "subscribed", data: { recovered, seq, epoch }, request_id: "r1" };
}

function opened(follower: Follower) {
  follower.opened();
  return follower.begin(() => "r1");
}

test("a first line stands with the greeting, and counts from there", () => {
  const follower = new Follower();

  assert.deepEqual(opened(follower), []);
  assert.deepEqual(follower.take(greeting(3)).settled, {
    recovered: null,
    missed: null,
    isFirst: true,
  });
  assert.deepEqual(follower.place, { epoch: "e", seq: 3 });
  assert.equal(follower.take(event(4)).isWanted, true);
  assert.deepEqual(follower.place, { epoch: "e", seq: 4 });
});

test("with a subscription a line stands with its answer, and drops what came before", () => {
  const follower = new Follower();
  follower.change("c", (before) => before.with({ eventTypes: ["posco_event"] }));

  assert.deepEqual(opened(follower), [
    { type: "subscribe", data: { event_types: ["posco_event"] }, request_id: "r1" },
  ]);
  assert.equal(follower.take(greeting(3)).settled, undefined);
  assert.equal(follower.take(event(4)).isWanted, false);
  assert.equal(follower.take({ type: "status_update", data: {} }).isWanted, false);
  assert.equal(follower.take(answer(null, 4)).settled?.recovered, null);
  assert.deepEqual(follower.place, { epoch: "e", seq: 4 });
  assert.equal(follower.take(event(5)).isWanted, true);
});

test("a further line goes on after the place, and drops what comes twice", () => {
  const follower = new Follower({ epoch: "e", seq: 5 });

  assert.deepEqual(opened(follower), [
    { type: "subscribe", data: { since: { epoch: "e", seq: 5 } }, request_id: "r1" },
  ]);
  follower.take(greeting(8));
  assert.equal(follower.take(event(9)).isWanted, false, "live, before what was missed");
  assert.deepEqual(follower.take(answer(true, 5)).settled, {
    recovered: true,
    missed: 0,
    isFirst: true,
  });
  const wanted = [6, 7, 8, 9, 9, 8, 10].filter((seq) => follower.take(event(seq)).isWanted);
  assert.deepEqual(wanted, [6, 7, 8, 9, 10]);
});

for (const [what, reply, missed, place] of [
  ["too much was missed", answer(false, 900), 895, { epoch: "e", seq: 900 }],
  ["another journal", answer(false, 2, "f"), null, { epoch: "f", seq: 2 }],
  ["a server that does not say", answer(null, 7), 2, { epoch: "e", seq: 7 }],
  ["a server that cannot resume", greeting(7, "e", []), 2, { epoch: "e", seq: 7 }],
] as const) {
  test(`what cannot be gone on with is told: ${what}`, () => {
    const follower = new Follower({ epoch: "e", seq: 5 });
    opened(follower);

    const { settled } = follower.take(reply as ServerMessage);

    assert.deepEqual(settled, { recovered: false, missed, isFirst: true });
    assert.deepEqual(follower.place, place);
  });
}

test("of several questions the answer to the last one counts", () => {
  const follower = new Follower();
  const projects = Array.from({ length: 101 }, (_, number) => `p${number}`);
  follower.change("c", (before) => before.with({ projects }));
  follower.opened();
  const ids = ["q", "r1"];
  follower.begin(() => ids.shift() ?? "");

  assert.equal(follower.take({ ...answer(null, 3), request_id: "q" }).settled, undefined);
  assert.notEqual(follower.take(answer(null, 4)).settled, undefined);
});

test("an answer to something else does not count", () => {
  const follower = new Follower({ epoch: "e", seq: 5 });
  opened(follower);

  assert.equal(follower.take({ ...answer(true, 5), request_id: "r0" }).settled, undefined);
  assert.equal(follower.take({ type: "pong", data: {}, request_id: "r1" }).settled, undefined);
});

for (const [code, failed] of [
  ["INVALID_MESSAGE_FORMAT", "refused"],
  ["AUTHENTICATION_REQUIRED", "refused"],
  ["INTERNAL_SERVER_ERROR", "again"],
  ["RATE_LIMIT_EXCEEDED", "again"],
] as const) {
  test(`a line does not stand when its question is answered by ${code}`, () => {
    const follower = new Follower({ epoch: "e", seq: 5 });
    opened(follower);

    const verdict = follower.take({ type: "error", data: { error_code: code }, request_id: "r1" });

    assert.deepEqual(verdict, { isWanted: true, failed });
    assert.deepEqual(follower.place, { epoch: "e", seq: 5 });
  });
}

test("what a server refuses is not asked again on a new line, what it did not answer is", () => {
  const follower = new Follower();
  opened(follower);
  follower.take(greeting(3));
  follower.change("a", (before) => before.with({ eventTypes: ["alert"] }));
  follower.change("b", (before) => before.with({ eventTypes: ["of_tomorrow"] }));
  follower.change("c", (before) => before.with({ projects: ["shop"] }));
  follower.take({ type: "error", data: {}, request_id: "b" });
  follower.take({ type: "subscribed", data: {}, request_id: "a" });

  assert.deepEqual(opened(follower)[0]?.data, {
    event_types: ["alert"],
    projects: ["shop"],
    since: { epoch: "e", seq: 3 },
  });
});

test("who signs in first stands after that", () => {
  const follower = new Follower();
  follower.opened();

  assert.equal(follower.take(greeting(3)).settled, undefined);
  assert.deepEqual(follower.begin(() => "r1"), []);
  assert.notEqual(follower.take({ type: "authenticated", data: {} }).settled, undefined);
  assert.deepEqual(follower.place, { epoch: "e", seq: 3 });
});

test("what came before signing in is gone on from", () => {
  const follower = new Follower();
  follower.opened();
  follower.take(greeting(3));

  assert.equal(follower.take(event(4)).isWanted, true);
  assert.deepEqual(follower.begin(() => "r1")[0]?.data, { since: { epoch: "e", seq: 4 } });
});

test("a server without a journal is followed too", () => {
  const follower = new Follower();
  follower.change("c", (before) => before.with({ eventTypes: ["alert"] }));
  opened(follower);

  assert.notEqual(follower.take({ type: "connection_status", data: {} }).settled, undefined);
  assert.equal(follower.take({ type: "alert", data: {} }).isWanted, true);
  assert.equal(follower.place, null);
});

test("any cuts give every event once and in order", () => {
  let state = 12345;
  const chance = (below: number) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state % below;
  };
  for (let round = 0; round < 300; round += 1) {
    const follower = new Follower();
    const got: number[] = [];
    const settlings: Settled[] = [];
    let head = 0;
    const give = (message: ServerMessage) => {
      const verdict = follower.take(message);
      if (verdict.settled) settlings.push(verdict.settled);
      if (verdict.isWanted && message.seq !== undefined) got.push(message.seq);
    };
    for (let line = 0; line < 6; line += 1) {
      const since = follower.place;
      const requests = opened(follower);
      if (chance(4) === 0) continue;
      give(greeting(head));
      for (let n = chance(3); n > 0; n -= 1) give(event((head += 1)));
      if (requests.length) {
        if (chance(4) === 0) continue;
        give(answer(true, since?.seq ?? 0));
        const upTo = since === null ? 0 : since.seq + chance(head - since.seq + 1);
        for (let seq = (since?.seq ?? 0) + 1; seq <= upTo; seq += 1) give(event(seq));
        if (upTo < head) continue;
      }
      for (let n = chance(4); n > 0; n -= 1) give(event((head += 1)));
    }

    const first = got[0] ?? 0;
    assert.deepEqual(
      got,
      got.map((_, at) => first + at),
    );
    assert.ok(settlings.slice(1).every((settled) => settled.recovered === true));
  }
});
