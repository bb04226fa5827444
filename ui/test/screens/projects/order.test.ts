// In which order projects stand.

import { expect, it } from "vitest";
import type { DeploymentStatus, Project } from "@/api/shapes.ts";
import { ordered } from "@/screens/projects/order.ts";

function project(name: string, last: DeploymentStatus): Project {
  return {
    project: name,
    deployments: 1,
    running: 0,
    success: 0,
    failed: 0,
    cancelled: 0,
    success_rate: null,
    last_status: last,
    last_seen_at: "2026-01-01T12:00:00Z",
  };
}

const PROJECTS = [
  project("beta", "success"),
  project("Zeta", "failed"),
  project("alpha", "running"),
  project("eta", "failed"),
];

it("puts what fails first, then goes by name", () => {
  expect(ordered(PROJECTS, "").map((one) => one.project)).toEqual(["eta", "Zeta", "alpha", "beta"]);
});

it("finds a text in a name, in upper or lower case", () => {
  expect(ordered(PROJECTS, " ZET ").map((one) => one.project)).toEqual(["Zeta"]);
});
