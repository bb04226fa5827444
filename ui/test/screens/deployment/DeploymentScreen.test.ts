// The screen of one deployment: what it opens with, where it leads, and what it says otherwise.

import { flushPromises, mount } from "@vue/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createI18n } from "vue-i18n";
import { createMemoryHistory, createRouter } from "vue-router";
import type { Detail, Run } from "@/api/shapes.ts";
import DeploymentScreen from "@/screens/deployment/DeploymentScreen.vue";
import en from "@/texts/en.ts";
import { at, attempt, run, step } from "./made.ts";

const BUILD = step("Build", attempt(1, 0, 10));
const UPLOAD = step("Upload", attempt(1, 10, 20, "failed"));
const FAILED = run("failed", 0, 20, [BUILD, UPLOAD]);

let detail: Detail;
let refusal: { status: number; body: unknown } | null;

beforeEach(() => {
  detail = detailOf(FAILED);
  refusal = null;
  vi.stubGlobal("fetch", (address: string) => {
    const { pathname } = new URL(address, "http://localhost");
    const isDetail = /deployments\/[^/]+$/.test(pathname);
    if (isDetail && refusal !== null) {
      return Promise.resolve(json(refusal.body, refusal.status));
    }
    return Promise.resolve(json(isDetail ? detail : answerOf(pathname)));
  });
});

afterEach(() => vi.unstubAllGlobals());

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status });
}

function answerOf(pathname: string): unknown {
  if (pathname.endsWith("/usual")) {
    return { runs: 3, duration: 5, steps: { Build: 2 } };
  }
  return pathname.endsWith("/outline")
    ? { total: 0, first_line: null, last_line: null, every: 1000, marks: [] }
    : { items: [], total: 0, next_cursor: null };
}

function detailOf(...runs: Run[]): Detail {
  const newest = runs.at(-1) as Run;
  return {
    ...newest,
    id: "42",
    project: "shop",
    stalled: false,
    first_seen_at: at(0),
    last_seen_at: at(20),
    steps_known: 2,
    steps_ended: 2,
    steps_failed: 1,
    current_step: null,
    source: "github-actions",
    branch: "main",
    commit_hash: "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432",
    workflow_name: "deploy",
    workflow_id: "7",
    log_stream_id: null,
    source_repo: null,
    deploy_type: null,
    server_host: null,
    error_message: "Upload: connection reset",
    environment: "production",
    actor: "ada",
    url: "javascript:alert(1)",
    lines: 0,
    seq: 9,
    runs,
  };
}

async function open(address = "/deployments/42?project=shop") {
  const screen = { template: "<div />" };
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: "/deployments/:id", name: "deployment", component: screen },
      { path: "/:rest(.*)*", component: screen },
    ],
  });
  const i18n = createI18n({ legacy: false, locale: "en", messages: { en: en.texts as never } });
  await router.push(address);
  const shown = mount(DeploymentScreen, {
    // Who was told has a test of its own.
    global: { plugins: [router, i18n], stubs: { ToldList: true } },
    attachTo: document.body,
  });
  await flushPromises();
  return { shown, router, query: () => router.currentRoute.value.query };
}

test("a failed deployment opens at the step that failed, and says why", async () => {
  const { shown, query } = await open();

  expect(query()).toEqual({ project: "shop", step: "Upload" });
  expect(shown.find('.row[aria-current="true"]').text()).toContain("Upload");
  expect(shown.text()).toContain("Upload: connection reset");
  shown.unmount();
});

test("a sender's address is a link only when it is one of the web", async () => {
  const forged = await open();
  expect(forged.shown.find(".facts a").exists()).toBe(false);
  forged.shown.unmount();

  detail = { ...detail, url: "https://ci.example/run/7" };
  const { shown } = await open();

  expect(shown.find(".facts a").attributes()).toMatchObject({
    href: "https://ci.example/run/7",
    rel: "noopener noreferrer",
  });
  shown.unmount();
});

test("the whole log stays chosen when the page is read anew", async () => {
  const { shown, query } = await open("/deployments/42?project=shop&step=");

  expect(query()).toEqual({ project: "shop", step: "" });
  expect(shown.find(".whole").attributes("aria-current")).toBe("true");
  shown.unmount();
});

test("an address that names lines is left as it is", async () => {
  const { shown, query } = await open("/deployments/42?project=shop#L12-L20");

  expect(query()).toEqual({ project: "shop" });
  shown.unmount();
});

test("what is slower than usual says what is usual", async () => {
  const { shown } = await open();

  expect(shown.find('[data-step="Build"]').text()).toContain("usually 2 sec");
  expect(shown.find('[data-step="Upload"]').text()).not.toContain("usually");
  expect(shown.find(".standing").text()).toContain("usually 5 sec");
  shown.unmount();
});

test("choosing a step puts it into the address, and the way back out of it", async () => {
  const { shown, router, query } = await open();
  await shown.find('[data-step="Build"]').trigger("click");
  await flushPromises();
  expect(query()["step"]).toBe("Build");

  router.back();
  await flushPromises();

  expect(query()["step"]).toBe("Upload");
  shown.unmount();
});

test("a former run is chosen in the address, and the newest one is offered", async () => {
  detail = detailOf(FAILED, { ...run("success", 100, 120, [BUILD]), run: 2 });
  const { shown, query } = await open("/deployments/42?project=shop&run=1");

  expect(query()).toMatchObject({ run: "1", step: "Upload" });
  expect(shown.find("select").element.value).toBe("1");
  expect(shown.text()).toContain("Go to run 2");
  shown.unmount();
});

test("a replay shows the run as it stood, and nothing of how it ended", async () => {
  const { shown } = await open(
    `/deployments/42?project=shop&replay=${encodeURIComponent(at(15))}`,
  );

  expect(shown.find(".standing").text()).toContain("Running");
  expect(shown.text()).not.toContain("connection reset");
  expect(shown.find('[data-step="Upload"]').text()).toContain("5 sec");
  shown.unmount();
});

test("one that has gone quiet says since when", async () => {
  detail = { ...detailOf(run("running", 0, null, [BUILD])), stalled: true, status: "running" };
  const { shown } = await open();

  expect(shown.find(".standing").text()).toContain("Stalled");
  expect(shown.text()).toContain("Nothing heard for");
  shown.unmount();
});

test("an id of several projects lets one choose", async () => {
  const candidates = ["blog", "shop"].map((project) => ({
    project,
    id: "42",
    status: "running",
    last_seen_at: at(0),
  }));
  refusal = { status: 409, body: { reason: "ambiguous", detail: "Several", candidates } };
  const { shown } = await open("/deployments/42?step=Build");

  const links = shown.findAll("li a").map((link) => link.attributes("href"));
  expect(links).toEqual([
    "/deployments/42?step=Build&project=blog",
    "/deployments/42?step=Build&project=shop",
  ]);
  shown.unmount();
});

test("an unknown deployment is no error", async () => {
  refusal = { status: 404, body: { reason: "not_found", detail: "There is none." } };
  const { shown } = await open();

  expect(shown.text()).toContain("Nothing is known of shop #42");
  expect(shown.find('[role="alert"]').exists()).toBe(false);
  shown.unmount();
});

test("any other refusal is told, and can be tried again", async () => {
  refusal = { status: 503, body: { reason: "store_down", detail: "Busy." } };
  const { shown } = await open();
  expect(shown.find('[role="alert"]').text()).toContain("Busy.");

  refusal = null;
  await shown.find('[role="alert"] button').trigger("click");
  await flushPromises();

  expect(shown.find(".standing").text()).toContain("Failed");
  shown.unmount();
});
