// How deliveries stand.

import { expect, it } from "vitest";
import type { Delivery } from "@/api/delivery-shapes.ts";
import { explained, maySendAgain, standingOf, todoKey } from "@/deliveries/standings.ts";
import { delivery } from "../screens/callbacks/made.ts";

const [NOW, LATER] = ["2026-01-01T12:00:00Z", "2026-01-01T12:05:00Z"];

it.each<[string, Partial<Delivery>, string]>([
  ["arrived", {}, "delivered"],
  ["went out in a digest", { state: "folded", status: "success" }, "folded"],
  ["was given up", { state: "failed", status: "failed" }, "failed"],
  ["waits for its first try", { state: "waiting", status: "pending", attempts: [] }, "waiting"],
  ["waits for a further try", { state: "waiting", status: "pending" }, "retrying"],
  ["waits at a paused place", { state: "waiting", status: "failed", reason: "paused" }, "held"],
])("tells one that %s", (_, said, standing) => {
  expect(standingOf(delivery(said))).toBe(standing);
});

it.each<[string, Partial<Delivery>, boolean]>([
  ["arrived", {}, true],
  ["was given up", { state: "failed", status: "failed" }, true],
  ["went out in a digest", { state: "folded" }, false],
  ["was a test", { kind: "test" }, false],
  ["waits for its first try", { state: "waiting", attempts: [], next_at: LATER }, false],
  ["waits for a further try", { state: "waiting", next_at: LATER }, true],
  ["is on its way", { state: "waiting", next_at: null }, false],
  ["waits at a paused place", { state: "waiting", reason: "paused", next_at: LATER }, false],
])("knows whether one can be sent again that %s", (_, said, may) => {
  expect(maySendAgain(delivery(said), Date.parse(NOW))).toBe(may);
});

it("explains the reasons that it knows", () => {
  expect(explained("keyword_missing")).toBe("keyword_missing");
  expect(explained("never_heard_of")).toBeNull();
});

it("promises a further try only while there is one", () => {
  expect(todoKey("busy", false)).toBe("deliveries.why.busy.todo");
  expect(todoKey("busy", true)).toBe("deliveries.why.busy.over");
  expect(todoKey("gone", true)).toBe("deliveries.why.gone.todo");
});
