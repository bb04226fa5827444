// How deliveries stand.

import { expect, it } from "vitest";
import type { Delivery } from "@/api/delivery-shapes.ts";
import { explained, maySendAgain, standingOf } from "@/deliveries/standings.ts";
import { delivery } from "../screens/callbacks/made.ts";

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

it("sends again only what has ended by itself", () => {
  expect(maySendAgain(delivery())).toBe(true);
  expect(maySendAgain(delivery({ state: "failed", status: "failed" }))).toBe(true);
  expect(maySendAgain(delivery({ state: "waiting", status: "pending" }))).toBe(false);
  expect(maySendAgain(delivery({ state: "folded" }))).toBe(false);
});

it("explains the reasons that it knows", () => {
  expect(explained("keyword_missing")).toBe("keyword_missing");
  expect(explained("never_heard_of")).toBeNull();
});
