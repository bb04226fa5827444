// One set-up of a source as a whole screen: its calls, the test, its secrets.

import { flushPromises } from "@vue/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SourceSetup } from "@/api/source-shapes.ts";
import SourceScreen from "@/screens/sources/SourceScreen.vue";
import { type Answers, opened, pressed, served, signedInAs } from "../../opened.ts";
import { call, secret, setup } from "./made.ts";

const PATH = "/api/v1/sources/github/team-a";
const REFUSED = call({
  id: "c2",
  outcome: "rejected",
  reason: "bad_signature",
  message: "no match",
  status: 401,
});
const STORED = call({ events: [{ event_id: "e1", seq: 4, type: "push" }] });

beforeEach(() => signedInAs("admin"));
afterEach(() => vi.unstubAllGlobals());

function answers(said: Partial<SourceSetup> = {}, items: unknown[] = [REFUSED, STORED]): Answers {
  return {
    [`GET ${PATH}`]: setup({
      name: "team-a",
      addresses: ["/hooks/github/team-a"],
      origin: "stored",
      stored: 3,
      last_stored_at: "2026-01-01T12:00:00Z",
      secrets: [secret()],
      ...said,
    }),
    [`GET ${PATH}/calls`]: { items, next_cursor: null },
    [`GET ${PATH}/calls/c2`]: REFUSED,
    [`GET ${PATH}/calls/c1`]: STORED,
  };
}

test("a refused call says why, what to do, and what was sent", async () => {
  served(answers());
  const { shown, router } = await opened(SourceScreen, "/sources/github/team-a");

  await shown.find('button[data-row][aria-expanded="false"]').trigger("click");
  await flushPromises();

  expect(router.currentRoute.value.query).toEqual({ call: "c2" });
  expect(shown.find(".whole .why").text()).toContain("Enter the secret anew at the sender.");
  expect(shown.find(".whole .why").text()).toContain("no match");
  expect(shown.find(".whole pre").text()).toContain("content-type: application/json");
  shown.unmount();
});

test("a stored call leads to its events", async () => {
  served(answers());
  const { shown } = await opened(SourceScreen, "/sources/github/team-a?call=c1");

  expect(shown.find(".whole a").attributes("href")).toBe("/events/e1");
  shown.unmount();
});

test("calls are filtered by the address", async () => {
  const calls = served(answers());
  const { shown, router } = await opened(SourceScreen, "/sources/github/team-a?outcome=rejected");
  expect(calls.map(({ path }) => path)).toContain(`${PATH}/calls?outcome=rejected&limit=200`);

  await shown.find('input[value="all"]').setValue();
  await flushPromises();

  expect(router.currentRoute.value.query).toEqual({});
  shown.unmount();
});

test("one that was never called tells how to begin", async () => {
  served(answers({ stored: 0, last_stored_at: null }, []));
  const { shown } = await opened(SourceScreen, "/sources/github/team-a");

  expect(shown.text()).toContain("So that the first call comes");
  expect(shown.find(".address").text()).toContain("/hooks/github/team-a");
  expect(shown.text()).toContain("Payload URL");
  shown.unmount();
});

test("a test tells how it was answered, and leads to what it stored", async () => {
  const request = { method: "POST", path: "/hooks/github", headers: {}, body: "{}" };
  const test_ = {
    ok: true,
    status: 202,
    answer: '{"seq":9}',
    ms: 7,
    event_ids: ["e9"],
    request,
    curl: "curl",
  };
  served({ ...answers(), [`POST ${PATH}/test`]: test_ });
  const { shown } = await opened(SourceScreen, "/sources/github/team-a");

  await pressed("Send a test");

  const told = shown.find(".test");
  expect(told.text()).toContain("Works: answered with 202");
  expect(told.text()).toContain('"seq": 9');
  expect(told.find("a").attributes("href")).toBe("/events/e9");
  shown.unmount();
});

test("the former secret ends when that is confirmed", async () => {
  const secrets = [secret(), secret({ id: "s2", ends_at: "2026-01-02T12:00:00Z" })];
  const calls = served({ ...answers({ secrets }), [`DELETE ${PATH}/secret/former`]: 204 });
  const { shown } = await opened(SourceScreen, "/sources/github/team-a");

  await pressed("End the former one");
  const dialog = document.querySelector('[role="dialog"]');
  expect(dialog?.getAttribute("aria-label")).toBe("End the former secret?");
  dialog?.querySelector<HTMLElement>(".n-button--error-type")?.click();
  await flushPromises();

  expect(calls.filter(({ method }) => method === "DELETE")).toHaveLength(1);
  shown.unmount();
});

test("a viewer can neither test nor change it", async () => {
  await signedInAs("viewer");
  served(answers());
  const { shown } = await opened(SourceScreen, "/sources/github/team-a");
  const buttons = shown.findAll("button").map((button) => button.text());

  expect(buttons).not.toContain("Send a test");
  expect(buttons).not.toContain("Remove");
  expect(buttons).not.toContain("New secret");
  shown.unmount();
});

test("one that is not there is no error", async () => {
  served({});
  const { shown } = await opened(SourceScreen, "/sources/github/gone");

  expect(shown.text()).toContain("There is no such set-up");
  expect(shown.find('[role="alert"]').exists()).toBe(false);
  shown.unmount();
});
