// The trainings, and one of them, as whole screens.

import { flushPromises } from "@vue/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import TrainingScreen from "@/screens/trainings/TrainingScreen.vue";
import TrainingsScreen from "@/screens/trainings/TrainingsScreen.vue";
import { opened, pressed, served, signedInAs, typed } from "../../opened.ts";
import { training } from "./made.ts";

const PATH = "/api/v1/trainings";

beforeEach(() => signedInAs("operator"));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function page(...items: unknown[]) {
  return { [`GET ${PATH}`]: { items, next_cursor: null } };
}

test("rows tell how far each is, and why one failed", async () => {
  const rows = [
    training({ progress: 62 }),
    training({ id: "t2", queue_position: 3 }),
    training({ id: "t3", status: "error", error: "no file" }),
  ];
  served(page(...rows));
  const { shown } = await opened(TrainingsScreen, "/trainings");

  const told = shown.findAll("a.row").map((row) => row.text());
  expect(told[0]).toContain("62%");
  expect(told[1]).toContain("number 3 in the queue");
  expect(told[2]).toContain("no file");
  shown.unmount();
});

test("none at all is told from none that fits", async () => {
  served(page());
  const all = await opened(TrainingsScreen, "/trainings");
  expect(all.shown.text()).toContain("No trainings yet");
  expect(all.shown.text()).toContain("/api/v1/avatar/status_update?training_type=portrait");
  all.shown.unmount();

  const { shown, router } = await opened(TrainingsScreen, "/trainings?status=error");
  expect(shown.text()).toContain("No training fits");
  await pressed("Reset filters");

  expect(router.currentRoute.value.query).toEqual({});
  shown.unmount();
});

test("the list is read again by itself", async () => {
  vi.useFakeTimers();
  const answers = page(training({ progress: 10 }));
  served(answers);
  const { shown } = await opened(TrainingsScreen, "/trainings");

  answers[`GET ${PATH}`] = { items: [training({ status: "completed" })], next_cursor: null };
  await vi.advanceTimersByTimeAsync(3_000);
  await flushPromises();

  expect(shown.find("a.row").text()).toContain("Completed");
  shown.unmount();
});

test("one is registered with what is kept with it", async () => {
  const calls = served({ ...page(training()), [`POST ${PATH}`]: training({ id: "t9" }) });
  const { shown, router } = await opened(TrainingsScreen, "/trainings");
  await pressed("Register a training");
  await typed("request-id", " t9 ");
  await typed("meta", '{"user": "42"}');
  document.querySelector("form")?.dispatchEvent(new Event("submit"));

  await vi.waitFor(() => expect(router.currentRoute.value.path).toBe("/trainings/t9"));
  expect(calls.find(({ method }) => method === "POST")?.body).toEqual({
    request_id: "t9",
    endpoint: "",
    training_type: null,
    meta: { user: "42" },
  });
  shown.unmount();
});

test("what is no JSON object is not sent", async () => {
  const calls = served(page(training()));
  const { shown } = await opened(TrainingsScreen, "/trainings");
  await pressed("Register a training");
  await typed("meta", "user=42");
  document.querySelector("form")?.dispatchEvent(new Event("submit"));
  await flushPromises();

  expect(document.body.textContent).toContain("A JSON object, or nothing.");
  expect(calls.some(({ method }) => method === "POST")).toBe(false);
  shown.unmount();
});

test("one training shows its result, its files and what was heard", async () => {
  const file = {
    name: "lora.safetensors",
    url_origin: "https://v3.fal.media/x",
    bytes: 89_745_224,
    sha256: "9f86d081884c7d659a2f",
    state: "stored",
    reason: null,
    download_url: "/api/v1/files/x?signature=y",
    expires_at: null,
  } as const;
  const event = {
    seq: 1,
    event_id: "e1",
    type: "training.completed",
    occurred_at: "2026-01-01T12:00:00Z",
    status: "completed",
  } as const;
  served({
    [`GET ${PATH}/t1`]: training({
      status: "completed",
      duration_s: 60,
      result: { diffusers_lora_file: { url: "https://v3.fal.media/x" } },
      files: [file],
      events: [event],
    }),
  });
  const { shown } = await opened(TrainingScreen, "/trainings/t1");

  expect(shown.find('[data-kind="success"]').text()).toBe("Completed");
  expect(shown.text()).toContain("diffusers_lora_file.url");
  expect(shown.text()).toContain("90 MB");
  expect(shown.find("a.get").attributes("href")).toBe("/api/v1/files/x?signature=y");
  expect(shown.find(".events a").attributes("href")).toBe("/events/e1");
  shown.unmount();
});

test("one that failed says why", async () => {
  served({ [`GET ${PATH}/t1`]: training({ status: "error", error: "no file" }) });
  const { shown } = await opened(TrainingScreen, "/trainings/t1");

  expect(shown.find(".failure").text()).toContain("no file");
  shown.unmount();
});

test("one that nobody has heard of is no error", async () => {
  served({});
  const { shown } = await opened(TrainingScreen, "/trainings/gone");

  expect(shown.text()).toContain("There is no such training");
  expect(shown.find('[role="alert"]').exists()).toBe(false);
  shown.unmount();
});
