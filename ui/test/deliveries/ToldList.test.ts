// Who was told of an event.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { h } from "vue";
import ToldList from "@/deliveries/ToldList.vue";
import { enveloped, listed, opened, pressed, served, signedInAs } from "../opened.ts";
import { delivery } from "../screens/callbacks/made.ts";

const PATH = "/api/v1/release/callbacks/history";
const FAILED = delivery({ id: "d2", channel: "dingtalk", state: "failed", status: "failed", reason: "gone" });

const Told = { render: () => h(ToldList, { of: { event_id: "e1" }, more: { event: "e1" } }) };

beforeEach(() => signedInAs("operator"));
afterEach(() => vi.unstubAllGlobals());

test("it tells channel, answer and time of each, what failed first", async () => {
  const calls = served({ [`GET ${PATH}`]: listed(delivery(), FAILED) });
  const { shown } = await opened(Told, "/events/e1");

  expect(calls[0]?.path).toBe(`${PATH}?event_id=e1&page_size=20`);
  expect(shown.find("summary").text()).toContain("1 failed");
  const rows = shown.findAll("li");
  expect(rows[0]?.text()).toContain("The destination is gone.");
  expect(rows[0]?.find("a").attributes("href")).toBe("/callbacks/history?event=e1&delivery=d2");
  expect(rows[1]?.text()).toContain("Feishu · Release news");
  expect(rows[1]?.text()).toContain("200 · 87 ms");
  shown.unmount();
});

test("of more than it shows it asks for those that failed", async () => {
  const page = (total: number, ...items: unknown[]) =>
    enveloped({ items, total, page: 1, page_size: 20 });
  served({
    [`GET ${PATH}`]: page(90, delivery()),
    [`GET ${PATH}?event_id=e1&page_size=20&status=failed`]: page(7, FAILED),
  });
  const { shown } = await opened(Told, "/events/e1");

  expect(shown.find("summary").text()).toContain("90");
  expect(shown.find("summary").text()).toContain("7 failed");
  expect(shown.find("li").text()).toContain("The destination is gone.");
  shown.unmount();
});

test("what waits says so", async () => {
  const waiting = delivery({ state: "waiting", status: "pending", attempts: [] });
  served({ [`GET ${PATH}`]: listed(waiting) });
  const { shown } = await opened(Told, "/events/e1");

  expect(shown.find("li .answer").text()).toBe("Waiting");
  shown.unmount();
});

test("it is sent again at a press", async () => {
  const calls = served({ [`GET ${PATH}`]: listed(FAILED), [`POST ${PATH}/d2/retry`]: enveloped(FAILED) });
  const { shown } = await opened(Told, "/events/e1");

  await pressed("Send again");

  expect(calls.some(({ method, path }) => method === "POST" && path.endsWith("/d2/retry"))).toBe(true);
  shown.unmount();
});

test("where nobody was told it says how somebody would be", async () => {
  served({ [`GET ${PATH}`]: listed() });
  const { shown } = await opened(Told, "/events/e1");

  expect(shown.text()).toContain("No callback takes this.");
  expect(shown.find("a").attributes("href")).toBe("/callbacks");
  shown.unmount();
});
