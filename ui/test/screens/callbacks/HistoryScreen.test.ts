// The history of deliveries as a whole screen.

import { flushPromises } from "@vue/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import HistoryScreen from "@/screens/callbacks/HistoryScreen.vue";
import { type Answers, enveloped, listed, opened, pressed, served, signedInAs } from "../../opened.ts";
import { delivery, FEISHU } from "./made.ts";

const PATH = "/api/v1/release/callbacks/history";
const FAILED = delivery({
  ...{ id: "d2", state: "failed", status: "failed", reason: "content_refused" },
  error: "DingTalk answers 430102",
});
const WHOLE = {
  ...FAILED,
  attempts: [
    {
      ...FAILED.attempts[0],
      ...{ outcome: "given_up", reason: "content_refused", error: "DingTalk answers 430102" },
      requests: [{ method: "POST", url: "https://x/••••", headers: { A: "b" }, body: { text: "hi" } }],
      ...{ response: '{"errcode":430102}', curl: "curl -X POST 'https://x/••••'" },
    },
  ],
};

beforeEach(() => signedInAs("operator"));
afterEach(() => vi.unstubAllGlobals());

function answers(...items: unknown[]): Answers {
  return {
    [`GET ${PATH}`]: listed(...items),
    [`GET ${PATH}/d2`]: enveloped(WHOLE),
    "GET /api/v1/release/callbacks/channels": listed(FEISHU),
    "GET /api/v1/projects": { items: [], next_cursor: null },
  };
}

test("a row opens with why, what to do, and each try as it was sent and answered", async () => {
  served(answers(FAILED, delivery()));
  const { shown, router } = await opened(HistoryScreen, "/callbacks/history");

  await shown.find("button[data-row]").trigger("click");
  await flushPromises();

  expect(router.currentRoute.value.query).toEqual({ delivery: "d2" });
  expect(shown.find(".why").text()).toContain("Change the template.");
  const attempt = shown.find(".attempts");
  expect(attempt.text()).toContain("Given up");
  expect(attempt.text()).toContain('"errcode": 430102');
  expect(attempt.text()).toContain("POST https://x/••••");
  expect(attempt.text()).toContain('"text": "hi"');
  shown.unmount();
});

test("one is sent again from where it stands", async () => {
  const calls = served({ ...answers(FAILED), [`POST ${PATH}/d2/retry`]: enveloped(delivery()) });
  const { shown } = await opened(HistoryScreen, "/callbacks/history?delivery=d2");

  await pressed("Try again now");

  expect(calls.filter(({ method }) => method === "POST")).toHaveLength(1);
  shown.unmount();
});

test("filters stand in the address and in the call", async () => {
  const calls = served(answers());
  const { shown } = await opened(HistoryScreen, "/callbacks/history?task=task-1&status=failed&callback=c1");

  expect(calls.map(({ path }) => path)).toContain(
    `${PATH}?task_id=task-1&status=failed&config_id=c1&page=1&page_size=50`,
  );
  expect(shown.text()).toContain("No delivery fits");
  expect(shown.find(".linked").text()).toBe("One callback");
  shown.unmount();
});

test("one that a link leads to is shown also when the list has gone on", async () => {
  served(answers(delivery()));
  const { shown } = await opened(HistoryScreen, "/callbacks/history?delivery=d2");

  expect(shown.find(".alone .why").text()).toContain("The platform refused the content.");
  shown.unmount();
});

test("several are sent again by time and kind, within what the list shows", async () => {
  const calls = served({ ...answers(FAILED), [`POST ${PATH}/replay`]: enveloped({ count: 12 }) });
  const { shown } = await opened(HistoryScreen, "/callbacks/history?task=task-1");

  await pressed("Send several again");
  const form = document.querySelector('[role="dialog"] form');
  form?.dispatchEvent(new Event("submit"));
  await vi.waitFor(() => expect(document.body.textContent).toContain("12 go out again"));

  const body = calls.find(({ path }) => path.endsWith("/replay"))?.body;
  expect(body).toMatchObject({ task_id: "task-1", status: "failed" });
  expect((body as { since: string }).since).toMatch(/Z$/);
  shown.unmount();
});

test("a viewer reads and sends nothing", async () => {
  await signedInAs("viewer");
  served(answers(FAILED));
  const { shown } = await opened(HistoryScreen, "/callbacks/history?delivery=d2");
  const buttons = shown.findAll("button").map((button) => button.text());

  expect(buttons).not.toContain("Try again now");
  expect(buttons).not.toContain("Send several again");
  shown.unmount();
});
