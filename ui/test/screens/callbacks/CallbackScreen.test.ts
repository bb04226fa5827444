// One callback as a whole screen: its form, its preview, tests of what is not saved yet.

import { flushPromises } from "@vue/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import CallbackScreen from "@/screens/callbacks/CallbackScreen.vue";
import { type Answers, enveloped, listed, opened, pressed, served, signedInAs } from "../../opened.ts";
import { callback, channel, FEISHU, PREVIEW } from "./made.ts";

const ROOT = "/api/v1/release";
const RESULT = {
  ...{ channel_id: null, channel_type: "feishu", ok: false, status: 200, duration_ms: 87 },
  ...{ response: '{"code":19024}', curl: "curl -X POST", reason: "keyword_missing" },
  ...{ error: "Feishu answers 19024", delivery_id: "d9" },
};

beforeEach(() => signedInAs("admin"));
afterEach(() => vi.unstubAllGlobals());

function answers(more: Answers = {}): Answers {
  return {
    [`GET ${ROOT}/callbacks/c1`]: enveloped(callback()),
    [`GET ${ROOT}/callbacks/channels`]: listed(FEISHU),
    [`GET ${ROOT}/templates`]: listed(),
    [`POST ${ROOT}/callbacks/template/preview`]: enveloped(PREVIEW),
    "GET /api/v1/projects": { items: [], next_cursor: null },
    "GET /api/v1/events": { items: [], next_cursor: null },
    ...more,
  };
}

async function ticked(label: string): Promise<void> {
  const found = [...document.querySelectorAll<HTMLLabelElement>("label")].find((one) =>
    one.textContent?.includes(label),
  );
  found?.querySelector("input")?.click();
  await flushPromises();
}

test("what is stored is shown, with its secret masked, and drawn beside it", async () => {
  const calls = served(answers());
  const { shown } = await opened(CallbackScreen, "/callbacks/c1");

  expect(shown.find("h1").text()).toBe("Release news");
  expect(shown.find<HTMLInputElement>(".kept").element.value).toBe("https://open.feishu.cn/••••9f3a");
  expect(shown.find(".drawn").text()).toContain("Release: Canary started");
  expect(shown.find(".drawn").text()).toContain("my-app");
  // Nothing masked goes out where it would mean nothing.
  const preview = calls.find(({ method }) => method === "POST")?.body;
  expect(preview).toMatchObject({ channel_type: "feishu", config: {}, event_type: "canary_started" });
  shown.unmount();
});

test("a change is saved as a whole, and the untouched secret stays", async () => {
  const calls = served(answers({ [`PUT ${ROOT}/callbacks/c1`]: enveloped(callback({ events: [] })) }));
  const { shown } = await opened(CallbackScreen, "/callbacks/c1");
  expect(shown.find(".bar [type=submit]").exists()).toBe(false);

  await ticked("Alert fires");
  await shown.find("form").trigger("submit");
  await flushPromises();

  expect(calls.find(({ method }) => method === "PUT")?.body).toMatchObject({
    events: ["canary_*", "alert.firing"],
    channels: [{ id: "ch1", config: channel().config }],
  });
  shown.unmount();
});

test("a secret is replaced only by another one", async () => {
  const calls = served(answers({ [`PUT ${ROOT}/callbacks/c1`]: enveloped(callback()) }));
  const { shown } = await opened(CallbackScreen, "/callbacks/c1");

  await pressed("Change");
  await pressed("Keep the stored one");
  expect(shown.find(".kept").exists()).toBe(true);
  await pressed("Change");
  await shown.find(".secret input").setValue("https://open.feishu.cn/new");
  await shown.find("form").trigger("submit");
  await flushPromises();

  expect(calls.find(({ method }) => method === "PUT")?.body).toMatchObject({
    channels: [{ config: { webhook_url: "https://open.feishu.cn/new" } }],
  });
  shown.unmount();
});

test("a test of what is not saved tells the raw answer, and what to do", async () => {
  const calls = served(
    answers({ [`POST ${ROOT}/callbacks/test-direct`]: enveloped({ ok: false, results: [RESULT] }) }),
  );
  const { shown } = await opened(CallbackScreen, "/callbacks/c1");

  await pressed("Send a test");

  const told = shown.find(".outcome");
  expect(told.text()).toContain("It was not taken (HTTP 200)");
  expect(told.text()).toContain("87 ms");
  expect(told.text()).toContain("Put the keyword into a template");
  expect(told.text()).toContain('"code": 19024');
  expect(told.find("a").attributes("href")).toBe("/callbacks/history?delivery=d9");
  const sent = calls.find(({ path }) => path.endsWith("test-direct"))?.body;
  expect(sent).toMatchObject({ type: "feishu", callback_id: "c1", channel_id: "ch1" });
  shown.unmount();
});

test("what the server finds wrong stands at its field", async () => {
  const errors = [{ field: "channels.0.config.webhook_url", message: "expected an https address" }];
  served(answers());
  const { shown } = await opened(CallbackScreen, "/callbacks/c1");
  await ticked("Alert fires");
  const refused = { code: 3422, data: null, msg: "no", errors };
  vi.stubGlobal("fetch", () =>
    Promise.resolve(new Response(JSON.stringify(refused), { status: 422 })),
  );

  await shown.find("form").trigger("submit");
  await flushPromises();

  expect(shown.find(".fields .n-form-item-feedback--error").text()).toBe("expected an https address");
  shown.unmount();
});

test("what is wrong with a channel as a whole stands in it, and once at the foot", async () => {
  const errors = [{ field: "channels.0.config", message: "give either of two" }];
  served(answers());
  const { shown } = await opened(CallbackScreen, "/callbacks/c1");
  await ticked("Alert fires");
  const refused = { code: 3422, data: null, msg: "channels.0.config: give either of two", errors };
  vi.stubGlobal("fetch", () =>
    Promise.resolve(new Response(JSON.stringify(refused), { status: 422 })),
  );

  await shown.find("form").trigger("submit");
  await flushPromises();

  expect(shown.find(".channel .fault").text()).toBe("give either of two");
  expect(shown.find(".bar").text().split("give either of two")).toHaveLength(2);
  shown.unmount();
});

test("one without a name is called by its channels", async () => {
  served(answers({ [`GET ${ROOT}/callbacks/c1`]: enveloped(callback({ name: "" })) }));
  const { shown } = await opened(CallbackScreen, "/callbacks/c1");

  expect(shown.find("h1").text()).toBe("Feishu");
  shown.unmount();
});

test("a new one is made for its project, and then stands at its own address", async () => {
  const calls = served(
    answers({ [`POST ${ROOT}/projects/shop/callbacks`]: enveloped(callback({ id: "c1" })) }),
  );
  const { shown, router } = await opened(CallbackScreen, "/callbacks/new?project=shop");

  await pressed("+ Feishu");
  await shown.find(".secret input").setValue("https://open.feishu.cn/x");
  await shown.find("form").trigger("submit");
  await flushPromises();

  const made = calls.find(({ path }) => path.endsWith("/projects/shop/callbacks"))?.body;
  expect(made).toMatchObject({
    channels: [{ type: "feishu", config: { webhook_url: "https://open.feishu.cn/x" } }],
  });
  await vi.waitFor(() => expect(router.currentRoute.value.path).toBe("/callbacks/c1"));
  shown.unmount();
});

test("an operator tests what is stored, and changes nothing", async () => {
  await signedInAs("operator");
  const calls = served(
    answers({ [`POST ${ROOT}/callbacks/c1/test`]: enveloped({ ok: true, results: [{ ...RESULT, ok: true }] }) }),
  );
  const { shown } = await opened(CallbackScreen, "/callbacks/c1");
  expect(shown.findAll("button").map((one) => one.text())).not.toContain("Remove");

  await pressed("Send a test");

  expect(calls.find(({ path }) => path.endsWith("/test"))?.body).toEqual({ channel_id: "ch1" });
  expect(shown.find(".outcome").text()).toContain("It was taken");
  shown.unmount();
});

test("one that is not there is no error", async () => {
  served(answers({ [`GET ${ROOT}/callbacks/c1`]: 404 }));
  const { shown } = await opened(CallbackScreen, "/callbacks/c1");

  expect(shown.text()).toContain("There is no such callback");
  shown.unmount();
});

test("one does not leave without being asked while something is not saved", async () => {
  served(answers());
  const { shown, router } = await opened(CallbackScreen, "/callbacks/c1");
  await ticked("Alert fires");

  await router.push("/callbacks");
  await flushPromises();
  const dialog = document.querySelector('[role="dialog"]');
  expect(dialog?.getAttribute("aria-label")).toBe("Leave without saving?");
  expect(router.currentRoute.value.path).toBe("/callbacks/c1");
  dialog?.querySelector<HTMLElement>(".n-button--error-type")?.click();

  await vi.waitFor(() => expect(router.currentRoute.value.path).toBe("/callbacks"));
  shown.unmount();
});
