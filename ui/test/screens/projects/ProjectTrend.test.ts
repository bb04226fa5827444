// A project's charts: drawn, told in words, and read day by day.

import { mount } from "@vue/test-utils";
import { expect, it } from "vitest";
import { type Point, pointsOf } from "@/screens/projects/days.ts";
import ProjectTrend from "@/screens/projects/ProjectTrend.vue";
import TrendBars from "@/screens/projects/TrendBars.vue";
import { surroundings } from "../deployments/deployments.ts";

const CALENDAR = ["2026-01-01", "2026-01-02", "2026-01-03"];
const day = (name: string, success: number, failed: number) => ({
  project: "shop",
  day: name,
  runs: success + failed,
  success,
  failed,
  cancelled: 0,
  success_rate: null,
  duration_p50: 30,
  duration_p95: 90,
});
const POINTS = pointsOf([day("2026-01-01", 2, 0), day("2026-01-03", 3, 1)], CALENDAR);

function trend(points: readonly Point[]) {
  return mount(ProjectTrend, { props: { points }, global: surroundings().global });
}

it("tells the newest day first, and any other by the slider", async () => {
  const shown = trend(POINTS);
  expect(shown.find("output").text()).toBe(
    "Sat, Jan 3, 2026 · 3 succeeded, 1 failed · 75% · p50 30 sec · p95 1 min 30 sec",
  );

  await shown.find("input").setValue(1);
  expect(shown.find("output").text()).toBe("Fri, Jan 2, 2026 · no runs");
  expect(shown.find("input").attributes("aria-valuetext")).toBe(shown.find("output").text());
});

it("draws a bar for each day and end, and a dot for each duration", () => {
  const shown = trend(POINTS);

  expect(shown.findAll("rect.success")).toHaveLength(2);
  expect(shown.findAll("rect.failed")).toHaveLength(1);
  expect(shown.findAll("circle")).toHaveLength(2);
});

it("has the same days as a table, without those on which nothing ran", () => {
  const shown = trend(POINTS);

  expect(shown.findAll("tbody tr").map((row) => row.findAll("th, td").map((cell) => cell.text()))).toEqual([
    ["Sat, Jan 3, 2026", "3", "1", "0", "75%", "30 sec", "1 min 30 sec"],
    ["Thu, Jan 1, 2026", "2", "0", "0", "100%", "30 sec", "1 min 30 sec"],
  ]);
});

it("stands with nothing to show", () => {
  const shown = trend(pointsOf([], CALENDAR));

  expect(shown.find("dd").text()).toBe("–");
  expect(shown.html()).not.toContain("NaN");
});

it("stays on a day that there is when it shows fewer days", async () => {
  const shown = trend(POINTS);

  await shown.setProps({ points: POINTS.slice(0, 2) });

  expect(shown.find("output").text()).toContain("Jan 2");
});

it("is small bars for a list, in words too", () => {
  const shown = mount(TrendBars, { props: { points: POINTS }, global: surroundings().global });

  expect(shown.find("svg").attributes("aria-label")).toBe("Last 3 days: 5 succeeded, 1 failed");
  expect(shown.find("path.success").attributes("d")?.match(/M/g)).toHaveLength(2);
  expect(shown.find("path.failed").attributes("d")?.match(/M/g)).toHaveLength(1);
});
