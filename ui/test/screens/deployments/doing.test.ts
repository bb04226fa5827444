// What a row says that its deployment does, or why it ended.

import { expect, it } from "vitest";
import type { Summary } from "@/api/shapes.ts";
import { doingOf } from "@/screens/deployments/doing.ts";
import { deployment } from "./deployments.ts";

const NOW = Date.parse("2026-01-01T13:00:43Z");

function tell(key: string, named: Record<string, unknown> = {}): string {
  return [key.replace(/^(deployments\.doing|word)\./, ""), ...Object.values(named)].join(" ");
}

const running = { status: "running", steps_known: 3, steps_ended: 1 } as const;
const failed = { status: "failed", steps_failed: 2 } as const;

it.each<[string, Partial<Summary>, string[], string, string]>([
  ["the step it is in", { ...running, current_step: "Build" }, [], "Build", ""],
  ["that it is between two", running, [], "", "between"],
  ["that no step has begun", { ...running, steps_known: 0 }, [], "", "begun"],
  ["that it waits", { status: "pending", steps_known: 0 }, [], "", "pending"],
  ["since when it is silent", { ...running, stalled: true, current_step: "Up" }, [], "Up", "silent 1 hr"],
  ["which steps failed", failed, ["Build", "Test"], "Build, Test", ""],
  ["how many failed until they are known", failed, [], "", "failedSteps 2"],
  ["which step failed, and why", { ...failed, error_message: "no\nway" }, ["Up"], "Up", "no"],
  ["why it failed", { ...failed, error_message: " refused " }, [], "", "refused"],
  ["the sender's word for it", { ...failed, conclusion: "timed_out" }, ["Up"], "Up", "timed_out"],
  ["no word that says nothing", { ...failed, conclusion: "FAILURE" }, ["Up"], "Up", ""],
  ["that nobody said why", { status: "failed", conclusion: "failure" }, [], "", "failed"],
  ["the workflow of what went well", { workflow_name: "deploy" }, [], "", "deploy"],
  ["nothing more of what went well", { conclusion: "success" }, [], "", ""],
  ["how it was cancelled", { status: "cancelled", conclusion: "superseded" }, [], "", "superseded"],
])("says %s", (_, said, failedSteps, lead, rest) => {
  const doing = doingOf(deployment(said), failedSteps, () => NOW, tell);

  expect(doing).toEqual({ lead, rest });
});
