// Callbacks that are ticked, and what is done to them at once.

import { flushPromises } from "@vue/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import CallbacksScreen from "@/screens/callbacks/CallbacksScreen.vue";
import { type Answers, enveloped, listed, opened, pressed, served, signedInAs } from "../../opened.ts";
import { callback, FEISHU } from "./made.ts";

const ROOT = "/api/v1/release/callbacks";
const ANSWERS: Answers = {
  [`GET ${ROOT}`]: listed(callback(), callback({ id: "c2", name: "Night shift" })),
  [`GET ${ROOT}/destinations`]: listed(),
  [`GET ${ROOT}/channels`]: listed(FEISHU),
  "GET /api/v1/projects": { items: [], next_cursor: null },
};
const DONE = { id: "c1", ok: true, code: 0, msg: "ok", data: null };

beforeEach(() => signedInAs("admin"));
afterEach(() => vi.unstubAllGlobals());

async function tick(name: string): Promise<void> {
  document.querySelector<HTMLElement>(`[aria-label="Select ${name}"]`)?.click();
  await flushPromises();
}

test("what is ticked is sent, and told in a few words", async () => {
  const calls = served({
    ...ANSWERS,
    [`POST ${ROOT}/batch`]: enveloped({ ok: true, results: [DONE, { ...DONE, id: "c2" }] }),
  });
  const { shown } = await opened(CallbacksScreen, "/callbacks");
  await tick("Release news");
  await pressed("Select all 2");

  await pressed("Switch off");

  const sent = calls.find(({ method }) => method === "POST");
  expect(sent?.body).toEqual({ action: "disable", ids: ["c2", "c1"] });
  expect(document.body.textContent).toContain("2 switched off");
  shown.unmount();
});

test("what could not be done to one of them is told", async () => {
  const refused = { ...DONE, ok: false, code: 3404, msg: "There is no such callback." };
  served({ ...ANSWERS, [`POST ${ROOT}/batch`]: enveloped({ ok: false, results: [refused] }) });
  const { shown } = await opened(CallbacksScreen, "/callbacks");
  await tick("Release news");

  await pressed("Switch on");

  await vi.waitFor(() => {
    const dialog = document.querySelector('[role="dialog"]');
    expect(dialog?.getAttribute("aria-label")).toBe("Not all of it could be done");
    expect(dialog?.textContent).toContain("There is no such callback.");
  });
  shown.unmount();
});

test("how many deliveries go out again is summed up", async () => {
  const results = [
    { ...DONE, data: { count: 2 } },
    { ...DONE, id: "c2", data: { count: 3 } },
  ];
  served({ ...ANSWERS, [`POST ${ROOT}/batch`]: enveloped({ ok: true, results }) });
  const { shown } = await opened(CallbacksScreen, "/callbacks");
  await tick("Release news");

  await pressed("Send failed ones again");

  expect(document.body.textContent).toContain("5 deliveries go out again");
  shown.unmount();
});

test("nothing is removed unasked", async () => {
  const calls = served({
    ...ANSWERS,
    [`POST ${ROOT}/batch`]: enveloped({ ok: true, results: [DONE] }),
  });
  const { shown } = await opened(CallbacksScreen, "/callbacks");
  await tick("Release news");
  await pressed("Remove");

  const dialog = document.querySelector('[role="dialog"]');
  expect(dialog?.getAttribute("aria-label")).toBe("Remove 1 callback?");
  expect(calls.some(({ method }) => method === "POST")).toBe(false);
  dialog?.querySelector<HTMLElement>(".n-button--error-type")?.click();
  await flushPromises();
  expect(calls.find(({ method }) => method === "POST")?.body).toEqual({ action: "delete", ids: ["c1"] });
  shown.unmount();
});
