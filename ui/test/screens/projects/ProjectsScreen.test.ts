// The projects, and one of them, as whole screens.

import { flushPromises, mount } from "@vue/test-utils";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Component } from "vue";
import ProjectScreen from "@/screens/projects/ProjectScreen.vue";
import ProjectsScreen from "@/screens/projects/ProjectsScreen.vue";
import { deployment, page, surroundings } from "../deployments/deployments.ts";

const TODAY = new Date().toISOString().slice(0, 10);

let answers: Record<string, unknown[]>;
let calls: URL[];

beforeEach(() => {
  calls = [];
  answers = {
    "/api/v1/projects": [project("beta", "success"), project("shop", "failed")],
    "/api/v1/metrics/deployments": [
      { project: "shop", day: TODAY, runs: 4, success: 3, failed: 1, cancelled: 0, duration_p50: 40, duration_p95: 90 },
    ],
    "/api/v1/deployments": [deployment({ id: "9" })],
  };
  vi.stubGlobal("fetch", (path: string) => {
    const url = new URL(path, "http://localhost");
    calls.push(url);
    return Promise.resolve(new Response(JSON.stringify(page(answers[url.pathname] ?? []))));
  });
});

afterEach(() => vi.unstubAllGlobals());

function project(name: string, last: string) {
  const seen = { last_status: last, last_seen_at: "2026-01-01T12:00:00Z" };
  return { project: name, deployments: 4, running: 0, success: 3, failed: 1, cancelled: 0, ...seen };
}

async function open(screen: Component, address: string) {
  const { router, global } = surroundings();
  await router.push(address);
  const shown = mount(screen, { global });
  await flushPromises();
  return { shown, router };
}

it("lists projects, what fails first, with how the month went", async () => {
  const { shown } = await open(ProjectsScreen, "/projects");

  expect(shown.findAll(".name").map((name) => name.text())).toEqual(["shop", "beta"]);
  expect(shown.find(".rate").text()).toContain("75%");
  expect(shown.find(".durations").text()).toContain("40 sec / 1 min 30 sec");
  expect(shown.findAll("a.row")[1]?.find(".rate").text()).toContain("–");
});

it("lists those that fit the text in the address", async () => {
  const { shown } = await open(ProjectsScreen, "/projects?q=BET");

  expect(shown.findAll(".name").map((name) => name.text())).toEqual(["beta"]);
  expect(shown.find('[role="search"] [role="status"]').text()).toBe("1 project");
});

it("says that no project fits, and that there is none", async () => {
  expect((await open(ProjectsScreen, "/projects?q=zzz")).shown.text()).toContain("No project fits");

  answers["/api/v1/projects"] = [];
  expect((await open(ProjectsScreen, "/projects")).shown.text()).toContain("No projects yet");
});

it("shows one project's figures, and its latest deployments with a way to all", async () => {
  const { shown } = await open(ProjectScreen, "/projects/shop");

  expect(shown.findAll("dd").map((figure) => figure.text())).toEqual(["75%", "4", "40 sec", "1 min 30 sec"]);
  expect(shown.find(".id").text()).toBe("9");
  expect(shown.find("section header a").attributes("href")).toBe("/?project=shop");
});

it("reads as many days of just this project as the address says", async () => {
  await open(ProjectScreen, "/projects/a%2Fb?days=90");

  const days = calls.find((url) => url.pathname.includes("metrics"))?.searchParams;
  const back = Date.parse(TODAY) - Date.parse(days?.get("since") ?? "");
  expect(days?.get("project")).toBe("a/b");
  expect(back / 86_400_000).toBe(89);
});

it("says that it knows nothing of a project", async () => {
  answers = {};

  const { shown } = await open(ProjectScreen, "/projects/nowhere");

  expect(shown.text()).toContain("No deployment of nowhere is kept.");
});
