// How callbacks and destinations stand, and in which order.

import { expect, it } from "vitest";
import type { Callback } from "@/api/callback-shapes.ts";
import {
  channelTypes,
  destinationStanding,
  inOrder,
  sorted,
  standingOf,
} from "@/screens/callbacks/callbacks.ts";
import { callback, channel, destination, last } from "./made.ts";

const NOW = Date.parse("2026-01-01T12:00:00Z");

function standing(said: Partial<Callback["state"]>, more: Partial<Callback> = {}) {
  const state = { waiting: 0, oldest_waiting_at: null, paused: false, last: null, ...said };
  return standingOf(callback({ state, ...more }));
}

it("tells how one stands by what matters most", () => {
  expect(standing({})).toBe("silent");
  expect(standing({ last: last() })).toBe("working");
  expect(standing({ last: last({ status: "failed" }) })).toBe("failing");
  expect(standing({ last: last({ status: "pending" }) })).toBe("waiting");
  expect(standing({ paused: true, last: last() })).toBe("paused");
  expect(standing({ last: last({ status: "failed" }) }, { enabled: false })).toBe("off");
  expect(standing({ last: last() }, { channels: [channel({ enabled: false })] })).toBe("off");
});

it("puts what fails first", () => {
  const failing = { waiting: 0, oldest_waiting_at: null, paused: false, last: last({ status: "failed" }) };
  const names = sorted([
    callback({ name: "b" }),
    callback({ name: "off", enabled: false }),
    callback({ name: "bad", state: failing }),
    callback({ name: "a" }),
  ]).map(({ name }) => name);

  expect(names).toEqual(["bad", "a", "b", "off"]);
});

it("names each kind of channel once", () => {
  const channels = [channel(), channel({ type: "slack" }), channel()];

  expect(channelTypes(callback({ channels }))).toEqual(["feishu", "slack"]);
});

it("puts paused destinations before failing ones, and those that work last", () => {
  const held = destination({ id: "held", held_until: "2026-01-01T12:05:00Z" });
  const ids = inOrder(
    [destination(), held, destination({ id: "bad", failures: 2 }), destination({ id: "p", paused: true })],
    NOW,
  ).map(({ id }) => id);

  expect(ids).toEqual(["p", "bad", "held", "x1"]);
  expect(destinationStanding(held, NOW + 600_000)).toBe("working");
});
