// The front page as a whole: what it shows with nothing, with nothing that fits, and with a problem.

import { flushPromises, mount } from "@vue/test-utils";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Summary } from "@/api/shapes.ts";
import DeploymentsScreen from "@/screens/deployments/DeploymentsScreen.vue";
import { deployment, page, surroundings } from "./deployments.ts";

let rows: Record<"attention" | "underway" | "lately" | "found", Summary[]>;
let next: string | null;
let answer: (url: URL) => Response;

beforeEach(() => {
  rows = { attention: [], underway: [], lately: [], found: [] };
  next = null;
  answer = (url) => {
    if (url.pathname.endsWith("/steps")) {
      return json(page([{ name: "Upload", status: "failed", conclusion: null }]));
    }
    if (!url.pathname.endsWith("/deployments")) {
      return json(page([{ project: "shop" }]));
    }
    const name = groupOf(url.searchParams);
    return json(page(rows[name], name === "attention" || name === "underway" ? null : next));
  };
  vi.stubGlobal("fetch", (path: string) =>
    Promise.resolve(answer(new URL(path, "http://localhost"))),
  );
});

afterEach(() => vi.unstubAllGlobals());

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status });
}

function groupOf(said: URLSearchParams): keyof typeof rows {
  const attention = said.get("attention");
  if (attention === "true" && said.get("limit") === "100") {
    return "attention";
  }
  if (attention === "false") {
    return said.getAll("status").includes("running") ? "underway" : "lately";
  }
  return "found";
}

async function open(address = "/") {
  const { router, global } = surroundings();
  await router.push(address);
  const shown = mount(DeploymentsScreen, { global, attachTo: document.body });
  await flushPromises();
  return { shown, router };
}

it("shows how to send a first message, and no filters, when there is nothing", async () => {
  const { shown } = await open();

  expect(shown.text()).toContain("No deployments yet");
  expect(shown.text()).toContain("Waiting for the first message");
  expect(shown.find('[role="search"]').exists()).toBe(false);
  shown.unmount();
});

it("says that filters leave nothing, and takes them away", async () => {
  const { shown, router } = await open("/?project=shop&since=1h&q=zzz");
  expect(shown.text()).toContain("No deployment fits");

  await shown.findAll("button").find((one) => one.text() === "Reset filters")?.trigger("click");
  await flushPromises();

  expect(router.currentRoute.value.query).toEqual({});
  shown.unmount();
});

it("puts what fails first, by the name of the step, and what runs next", async () => {
  rows.attention = [deployment({ id: "1", status: "failed", steps_failed: 1 })];
  rows.underway = [deployment({ id: "2", status: "running" })];
  rows.lately = [deployment({ id: "3" })];

  const { shown } = await open();

  expect(shown.findAll("h2").map((head) => head.text())).toEqual(["Needs a look 1", "Under way 1", "Lately"]);
  expect(shown.findAll(".id").map((id) => id.text())).toEqual(["1", "2", "3"]);
  expect(shown.find(".doing strong").text()).toBe("Upload");
  shown.unmount();
});

it("leads to all that need a look when not all are shown", async () => {
  rows.attention = Array.from({ length: 24 }, (_, index) => deployment({ id: `${index}` }));

  const { shown } = await open("/?project=shop");

  expect(shown.find("h2").text()).toBe("Needs a look 24");
  expect(shown.findAll("[data-row]")).toHaveLength(20);
  expect(shown.find("section header a").attributes("href")).toBe("/?project=shop&attention=true");
  shown.unmount();
});

it("loads older ones up to a number, and then goes on to them", async () => {
  rows.lately = [deployment()];
  next = "further";
  const { shown, router } = await open();

  await shown.find(".more button").trigger("click");
  await flushPromises();
  expect(router.currentRoute.value.query).toEqual({ rows: "150" });

  await shown.find(".more button").trigger("click");
  await flushPromises();
  expect(shown.find(".more a").attributes("href")).toBe("/?cursor=further");
  shown.unmount();
});

it("is one list when asked for a status", async () => {
  rows.found = [deployment({ id: "9", status: "failed" })];

  const { shown } = await open("/?status=failed");

  expect(shown.findAll("h2").map((head) => head.text())).toEqual(["Matching 1"]);
  expect(shown.find(".open.on").text()).toBe("StatusFailed");
  shown.unmount();
});

it("keeps what stands there when it cannot be read again", async () => {
  rows.lately = [deployment({ id: "3" })];
  const { shown, router } = await open();
  answer = () => json({ detail: "busy", reason: "store_down" }, 503);

  await router.push("/?project=shop");
  await flushPromises();

  expect(shown.find('[role="alert"]').text()).toContain("The server cannot answer just now");
  expect(shown.findAll(".id").map((id) => id.text())).toEqual(["3"]);
  shown.unmount();
});
