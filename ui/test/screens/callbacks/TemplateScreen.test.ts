// A template as a whole screen: its words beside what they come to.

import { flushPromises } from "@vue/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import TemplateScreen from "@/screens/callbacks/TemplateScreen.vue";
import TemplatesScreen from "@/screens/callbacks/TemplatesScreen.vue";
import { type Answers, enveloped, listed, opened, pressed, served, signedInAs, typed } from "../../opened.ts";
import { FEISHU, PREVIEW } from "./made.ts";

const ROOT = "/api/v1/release";
const TEMPLATE = {
  ...{ id: "t1", name: "Short", channel_type: "feishu", event_type: "canary_*", language: "en" },
  ...{ title: "{{project_name}}", body: "", created_at: "2026-01-01T12:00:00Z" },
  updated_at: "2026-01-01T12:00:00Z",
};

beforeEach(() => signedInAs("admin"));
afterEach(() => vi.unstubAllGlobals());

function answers(more: Answers = {}): Answers {
  return {
    [`GET ${ROOT}/templates`]: listed(TEMPLATE),
    [`GET ${ROOT}/templates/t1`]: enveloped(TEMPLATE),
    [`GET ${ROOT}/callbacks/channels`]: listed(FEISHU),
    [`GET ${ROOT}/callbacks/template/variables`]: listed(
      { name: "task_id", description: "?", example: "task-1" },
      { name: "brand_new", description: "What is new", example: "" },
    ),
    [`POST ${ROOT}/callbacks/template/preview`]: enveloped(PREVIEW),
    "GET /api/v1/events": { items: [], next_cursor: null },
    ...more,
  };
}

test("the list tells what each is offered for", async () => {
  served(answers());
  const { shown } = await opened(TemplatesScreen, "/callbacks/templates");
  const row = shown.find("a.row");

  expect(row.text()).toContain("Short");
  expect(row.text()).toContain("Feishu");
  expect(row.text()).toContain("canary_*");
  expect(row.attributes("href")).toBe("/callbacks/templates/t1");
  shown.unmount();
});

test("a variable goes in at a press, and the words are saved", async () => {
  const calls = served(answers({ [`PUT ${ROOT}/templates/t1`]: enveloped(TEMPLATE) }));
  const { shown } = await opened(TemplateScreen, "/callbacks/templates/t1");
  expect(shown.find(".variables").text()).toContain("The task’s id, or the deployment’s");
  expect(shown.find(".variables").text()).toContain("What is new");

  await pressed("task_id");
  await shown.find("form").trigger("submit");
  await flushPromises();

  expect(calls.find(({ method }) => method === "PUT")?.body).toMatchObject({
    title: "{{project_name}}",
    body: "{{task_id}}",
  });
  shown.unmount();
});

test("what is wrong with the words stands at them while one writes", async () => {
  const errors = [{ field: "title", message: "there is no variable nope" }];
  served(answers());
  const { shown } = await opened(TemplateScreen, "/callbacks/templates/t1");
  const refused = { code: 3422, data: null, msg: "title: no", errors };
  vi.stubGlobal("fetch", () =>
    Promise.resolve(new Response(JSON.stringify(refused), { status: 422 })),
  );

  await typed("template-title", "{{nope}}");

  await vi.waitFor(() =>
    expect(shown.find(".n-form-item-feedback--error").text()).toBe("there is no variable nope"),
  );
  expect(shown.find(".preview").text()).toContain("it is said at the field");
  shown.unmount();
});

test("a new one begins with Tocsin's own words, if one likes", async () => {
  const own = { title: "{{project_name}} goes out", body: "**x**" };
  served(answers({ [`GET ${ROOT}/callbacks/template/defaults`]: enveloped(own) }));
  const { shown } = await opened(TemplateScreen, "/callbacks/templates/new");
  expect(shown.text()).toContain("Without words of its own, Tocsin’s are shown.");

  await pressed("Begin with Tocsin’s words");

  expect(shown.find<HTMLInputElement>("#template-title").element.value).toBe(own.title);
  shown.unmount();
});

test("a copy stands at its own address", async () => {
  served(answers({ [`POST ${ROOT}/templates/t1/copy`]: enveloped({ ...TEMPLATE, id: "t2" }) }));
  const { shown, router } = await opened(TemplateScreen, "/callbacks/templates/t1");

  await pressed("Make a copy");

  await vi.waitFor(() => expect(router.currentRoute.value.path).toBe("/callbacks/templates/t2"));
  shown.unmount();
});
