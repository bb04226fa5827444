// Statistics of deliveries as a whole screen.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import StatisticsScreen from "@/screens/callbacks/StatisticsScreen.vue";
import { enveloped, listed, opened, served, signedInAs } from "../../opened.ts";
import { FEISHU } from "./made.ts";

const PATH = "/api/v1/release/callbacks/stats";
const FIGURES = {
  ...{ total: 120, success: 110, failed: 6, pending: 4, folded: 9, success_rate: 0.948, retries: 14 },
};
const STATS = {
  ...FIGURES,
  ...{ since: "2026-01-01T00:00:00Z", until: "2026-01-02T00:00:00Z", waiting: 4, paused: 1 },
  oldest_waiting_at: new Date(Date.now() - 120_000).toISOString(),
  duration: { avg: 93, p50: 80, p95: 300, max: 1200 },
  by_channel: [
    { ...FIGURES, channel: "feishu", duration: { avg: 9, p50: 8, p95: 30, max: 90 }, waiting: 4, oldest_waiting_at: null },
  ],
  by_day: [{ ...FIGURES, day: "2026-01-01", duration: { avg: 93, max: 1200 } }],
  by_reason: [{ reason: "rate_limited", count: 3 }],
};

beforeEach(() => {
  vi.stubGlobal("ResizeObserver", class {
    observe() {}
    disconnect() {}
  });
  return signedInAs("viewer");
});
afterEach(() => vi.unstubAllGlobals());

function answers(stats: unknown) {
  return {
    [`GET ${PATH}`]: enveloped(stats),
    "GET /api/v1/release/callbacks/channels": listed(FEISHU),
    "GET /api/v1/projects": { items: [], next_cursor: null },
  };
}

test("figures, charts with their text, and tables tell the same", async () => {
  served(answers(STATS));
  const { shown } = await opened(StatisticsScreen, "/callbacks/statistics");

  const figures = shown.findAll(".figure").map((one) => one.text());
  expect(figures).toEqual([
    "Arrived95%",
    "Deliveries12014 retried",
    "Half took at most80 ms",
    "95 % took at most300 ms",
    "Waiting now4the oldest for 2 min",
    "Paused destinations1",
  ]);
  expect(shown.findAll('svg[role="img"]').map((one) => one.attributes("aria-label"))).toEqual([
    "Deliveries by day",
    "Time of the last try by day",
  ]);
  expect(shown.find("output").text()).toContain("110 arrived, 6 failed · average 93 ms");
  expect(shown.find(".channels td").text()).toContain("Feishu");
  expect(shown.text()).toContain("Too many messages at once.");
  shown.unmount();
});

test("the same figures can be had as CSV", async () => {
  served(answers(STATS));
  const { shown } = await opened(StatisticsScreen, "/callbacks/statistics?channel=feishu&days=30");

  const address = new URL(shown.find("a[download]").attributes("href") ?? "", "http://localhost");
  expect(address.pathname).toBe(PATH);
  expect(address.searchParams.get("format")).toBe("csv");
  expect(address.searchParams.get("channel")).toBe("feishu");
  shown.unmount();
});

test("without any delivery it says so", async () => {
  served(answers({ ...STATS, total: 0 }));
  const { shown } = await opened(StatisticsScreen, "/callbacks/statistics");

  expect(shown.text()).toContain("Nothing was sent in this time");
  shown.unmount();
});
