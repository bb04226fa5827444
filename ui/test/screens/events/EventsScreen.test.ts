// The journal's screen as a whole: rows, filters, one event beside them, and nothing at all.

import { flushPromises, mount } from "@vue/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createI18n } from "vue-i18n";
import { createMemoryHistory, createRouter } from "vue-router";
import type { StoredEvent } from "@/api/shapes.ts";
import EventScreen from "@/screens/events/EventScreen.vue";
import EventsScreen from "@/screens/events/EventsScreen.vue";
import en from "@/texts/en.ts";

let events: StoredEvent[];

beforeEach(() => {
  events = [
    event(2, "step_completed", { step_name: "Build", step_status: "failed" }),
    event(1, "step_started", { step_name: "Build" }),
  ];
  vi.stubGlobal("fetch", (address: string, init?: RequestInit) => {
    const { pathname } = new URL(address, "http://localhost");
    const id = /\/events\/(.+)$/.exec(pathname)?.[1];
    if (id === undefined) {
      const items = pathname.endsWith("/events") ? events : [];
      return Promise.resolve(json({ items, next_cursor: null }));
    }
    const found = events.find((one) => one.id === id);
    const accept = (init?.headers as Record<string, string> | undefined)?.["Accept"] ?? "";
    if (found === undefined) {
      return Promise.resolve(json({ reason: "not_found", detail: "There is none." }, 404));
    }
    return Promise.resolve(json(accept.includes("cloudevents") ? { specversion: "1.0" } : found));
  });
});

afterEach(() => vi.unstubAllGlobals());

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status });
}

function event(seq: number, type: string, data: unknown): StoredEvent {
  return {
    seq,
    id: `e${seq}`,
    source: "deployment",
    type,
    project: "shop",
    subject: "42",
    occurred_at: "2026-01-01T12:00:00.000Z",
    received_at: "2026-01-01T12:00:02.000Z",
    data,
  };
}

async function open(screen: typeof EventsScreen | typeof EventScreen, address: string) {
  const nothing = { template: "<i />" };
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: "/events", name: "events", component: nothing },
      { path: "/events/:id", name: "event", component: nothing },
      { path: "/deployments/:id", name: "deployment", component: nothing },
    ],
  });
  const i18n = createI18n({ legacy: false, locale: "en", messages: { en: en.texts as never } });
  await router.push(address);
  const shown = mount(screen, {
    // Who was told has a test of its own.
    global: { plugins: [router, i18n], stubs: { ToldList: true } },
    attachTo: document.body,
  });
  await flushPromises();
  return { shown, router };
}

test("rows tell what happened to what, and mark what failed", async () => {
  const { shown } = await open(EventsScreen, "/events");
  const [newest, oldest] = shown.findAll('[role="row"]:not(.head)');

  expect(newest?.text()).toContain("step_completed");
  expect(newest?.text()).toContain("shop / 42");
  expect(newest?.find('[data-kind="failed"]').exists()).toBe(true);
  expect(oldest?.find("[data-kind]").exists()).toBe(false);
  shown.unmount();
});

test("an empty journal is told from one of which the filters leave nothing", async () => {
  events = [];
  const all = await open(EventsScreen, "/events");
  expect(all.shown.text()).toContain("No events yet");
  all.shown.unmount();

  const { shown, router } = await open(EventsScreen, "/events?type=no*&since=1h");
  expect(shown.text()).toContain("No event fits");
  await shown.findAll("button").find((one) => one.text() === "Reset filters")?.trigger("click");
  await flushPromises();

  expect(router.currentRoute.value.query).toEqual({});
  shown.unmount();
});

test("an event shows its data, how late it came, and leads into the replay", async () => {
  const { shown } = await open(EventScreen, "/events/e2");

  expect(shown.find("h1").text()).toBe("step_completed");
  expect(shown.text()).toContain("received 2 sec later");
  expect(shown.find("pre").text()).toContain('"step_status": "failed"');
  const links = shown.findAll(".actions a").map((link) => link.attributes("href"));
  expect(links).toEqual([
    "/deployments/42?project=shop&replay=2026-01-01T12:00:00.000Z&play=1",
    "/deployments/42?project=shop",
  ]);
  shown.unmount();
});

test("the same event can be read as a CloudEvent", async () => {
  const { shown } = await open(EventScreen, "/events/e1");
  await shown.find('input[value="cloudEvent"]').setValue();

  expect(shown.find("pre").text()).toContain('"specversion": "1.0"');
  shown.unmount();
});

test("an event that is no longer kept is no error", async () => {
  const { shown } = await open(EventScreen, "/events/gone");

  expect(shown.text()).toContain("There is no event with this id");
  expect(shown.find('[role="alert"]').exists()).toBe(false);
  shown.unmount();
});
