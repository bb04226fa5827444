// A row of a list of deployments.

import { mount } from "@vue/test-utils";
import { expect, it } from "vitest";
import type { Summary } from "@/api/shapes.ts";
import DeploymentRow from "@/screens/deployments/DeploymentRow.vue";
import { deployment, surroundings } from "./deployments.ts";

function row(said: Partial<Summary>, props: Record<string, unknown> = {}) {
  const { global } = surroundings();
  return mount(DeploymentRow, { props: { deployment: deployment(said), ...props }, global });
}

it("leads to the deployment of just its project", () => {
  const shown = row({ id: "a/b 1", project: "shop & co" });

  expect(shown.find("a").attributes("href")).toBe("/deployments/a%2Fb%201?project=shop+%26+co");
});

it("shortens a long id, and has the whole one on hover", () => {
  const shown = row({ id: "github-actions-8823019273-attempt-2" });

  expect(shown.find(".id").text()).toHaveLength(18);
  expect(shown.find(".id").attributes("title")).toBe("github-actions-8823019273-attempt-2");
});

it("shows how far it is only while it is under way", () => {
  const under = row({ status: "running", progress: 40, steps_known: 5, steps_ended: 2, current_step: "Up" });

  expect(under.find(".track .gone").attributes("style")).toContain("width: 40%");
  expect(under.find(".count").text()).toBe("2/5");
  expect(row({}).find(".track").exists()).toBe(false);
});

it("tells which steps failed", () => {
  const shown = row({ status: "failed", steps_failed: 1 }, { failedSteps: ["Upload"] });

  expect(shown.find(".doing strong").text()).toBe("Upload");
  expect(shown.text()).toContain("Failed");
});

it("says of a stalled one that it is silent, and not how long it takes", () => {
  const shown = row({ status: "running", stalled: true, duration: null, current_step: "Up" });

  expect(shown.text()).toContain("Stalled");
  expect(shown.find(".rest").text()).toMatch(/^silent for /);
});

it("leaves out its project among others of the same", () => {
  expect(row({}, { isAmongOwn: true }).find(".project").exists()).toBe(false);
  expect(row({}).find(".project").text()).toBe("shop");
});
