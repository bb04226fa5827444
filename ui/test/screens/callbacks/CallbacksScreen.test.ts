// The list of callbacks as a whole screen, and the destinations below it.

import { flushPromises } from "@vue/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import CallbacksScreen from "@/screens/callbacks/CallbacksScreen.vue";
import { type Answers, enveloped, listed, opened, pressed, served, signedInAs } from "../../opened.ts";
import { callback, destination, FEISHU, last } from "./made.ts";

const ROOT = "/api/v1/release/callbacks";
const FAILING = callback({
  id: "c2",
  name: "Night shift",
  state: {
    ...{ waiting: 3, oldest_waiting_at: null, paused: false },
    last: last({ status: "failed", reason: "keyword_missing", error: "19024" }),
  },
});

beforeEach(() => signedInAs("operator"));
afterEach(() => vi.unstubAllGlobals());

function answers(callbacks: unknown[], destinations: unknown[] = []): Answers {
  return {
    [`GET ${ROOT}`]: listed(...callbacks),
    [`GET ${ROOT}/destinations`]: listed(...destinations),
    [`GET ${ROOT}/channels`]: listed(FEISHU),
    "GET /api/v1/projects": { items: [], next_cursor: null },
  };
}

test("what fails stands first and says why", async () => {
  served(answers([callback(), FAILING]));
  const { shown } = await opened(CallbacksScreen, "/callbacks");
  const row = shown.find("a.row");

  expect(row.text()).toContain("Night shift");
  expect(row.find('[data-kind="failed"]').text()).toBe("Failing");
  expect(row.find(".told").text()).toBe("The robot’s keyword is not in the message.");
  expect(row.find(".waiting").text()).toContain("3");
  expect(row.attributes("href")).toBe("/callbacks/c2");
  shown.unmount();
});

test("a paused destination says who paused it, and goes on at a press", async () => {
  const paused = destination({ paused: true, paused_by: "", paused_at: "2026-01-01T12:00:00Z" });
  const calls = served({
    ...answers([callback()], [destination({ id: "x2" }), paused]),
    [`POST ${ROOT}/destinations/x1/resume`]: enveloped(destination()),
  });
  const { shown } = await opened(CallbacksScreen, "/callbacks");

  expect(shown.find(".destinations li").text()).toContain("Paused by Tocsin");
  await pressed("Resume");

  expect(calls.filter(({ method }) => method === "POST").map(({ path }) => path)).toEqual([
    `${ROOT}/destinations/x1/resume`,
  ]);
  shown.unmount();
});

test("what was paused on the server’s own machine says so", async () => {
  const paused = destination({ paused: true, paused_by: "local", paused_at: "2026-01-01T12:00:00Z" });
  served(answers([callback()], [paused]));
  const { shown } = await opened(CallbacksScreen, "/callbacks");

  expect(shown.find(".destinations .told").text()).toContain("Paused by hand, from this machine");
  shown.unmount();
});

test("a pause is asked for", async () => {
  const calls = served({
    ...answers([callback()], [destination()]),
    [`POST ${ROOT}/destinations/x1/pause`]: enveloped(destination({ paused: true })),
  });
  const { shown } = await opened(CallbacksScreen, "/callbacks");

  await pressed("Pause");
  const dialog = document.querySelector('[role="dialog"]');
  expect(dialog?.getAttribute("aria-label")).toBe("Pause open.feishu.cn?");
  dialog?.querySelector<HTMLElement>(".n-button--error-type")?.click();
  await flushPromises();

  expect(calls.some(({ method }) => method === "POST")).toBe(true);
  shown.unmount();
});

test("filters stand in the address and in the call", async () => {
  const calls = served(answers([]));
  const { shown } = await opened(CallbacksScreen, "/callbacks?channel=feishu&q=news");

  expect(calls.map(({ path }) => path)).toContain(`${ROOT}?q=news&channel=feishu&page_size=100`);
  expect(shown.text()).toContain("No callback fits");
  shown.unmount();
});

test("without any there is the one thing to do, for who may do it", async () => {
  served(answers([]));
  const { shown } = await opened(CallbacksScreen, "/callbacks");
  expect(shown.text()).toContain("Administrators set callbacks up.");
  shown.unmount();

  await signedInAs("admin");
  served(answers([]));
  const again = await opened(CallbacksScreen, "/callbacks");
  await pressed("Set up the first callback");

  await vi.waitFor(() => expect(again.router.currentRoute.value.path).toBe("/callbacks/new"));
  again.shown.unmount();
});
