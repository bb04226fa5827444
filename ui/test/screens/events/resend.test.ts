// The command that sends an event again: where it goes, and that a shell hands over the same text.

import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import type { StoredEvent } from "@/api/shapes.ts";
import { deploymentOf, newEventId, resendCommand, sendingOf } from "@/screens/events/resend.ts";

const EVENT: StoredEvent = {
  seq: 7,
  id: "first",
  source: "cloudevents",
  type: "com.example.alert",
  project: "",
  subject: "roof",
  occurred_at: "2026-01-01T12:00:00.000Z",
  received_at: "2026-01-01T12:00:01.000Z",
  data: { value: 41.5 },
};

/** The body that a shell would hand to curl. */
function bodyOf(command: string): unknown {
  const script = `curl() { while [ "$1" != -d ]; do shift; done; printf %s "$2"; }\n${command}`;
  return JSON.parse(execFileSync("sh", ["-c", script], { encoding: "utf8" })) as unknown;
}

test("a deployment message goes where such messages go, as it was sent", () => {
  const data = { type: "step_started", project: "shop", deployment_id: "42", extra: [1, null] };

  expect(sendingOf({ ...EVENT, source: "deployment", data }, "new")).toEqual({
    path: "/api/webhooks/deployment",
    body: data,
  });
});

test("what would make a deployment message a repeat is left out", () => {
  const data = { type: "step_started", event_id: "told once" };

  expect(sendingOf({ ...EVENT, source: "deployment", data }, "new").body).toEqual({
    type: "step_started",
  });
});

test("any other event goes as a CloudEvent with a new id", () => {
  expect(sendingOf({ ...EVENT, source: "github", project: "shop" }, "new")).toEqual({
    path: "/api/v1/events",
    body: {
      specversion: "1.0",
      id: "new",
      source: "/resent/github",
      type: "com.example.alert",
      time: "2026-01-01T12:00:00.000Z",
      datacontenttype: "application/json",
      subject: "roof",
      project: "shop",
      data: { value: 41.5 },
    },
  });
});

test("a CloudEvent keeps its sender's attributes, but not its id", () => {
  const attributes = {
    specversion: "1.0",
    id: "first",
    source: "/sensors/roof",
    type: "com.example.alert",
    traceparent: "00-abc",
    data_base64: "AAEC",
  };
  const { body } = sendingOf({ ...EVENT, attributes, data: null, subject: "" }, "new");

  expect(body).toEqual({ ...attributes, id: "new", time: EVENT.occurred_at });
});

test.each([
  ["quotes", `it's "quoted" and '''more'''`],
  ["newlines", "one\ntwo\r\nthree\n"],
  ["what a shell would expand", "$HOME `id` $(id) \\ ! * ~ %s"],
  ["other scripts", "部署 배포 развёртывание 🚀 é\u0301"],
  ["control characters", "\u001b[31mred\u001b[0m\u0007\t"],
])("%s arrive as they were", (_, text) => {
  const data = { type: "log_entry", message: text };
  const command = resendCommand({ ...EVENT, source: "deployment", data }, "new");

  expect(bodyOf(command)).toEqual(data);
  expect(command).toContain("/api/webhooks/deployment'");
});

test("each new id is another one", () => {
  expect(newEventId()).toMatch(/^[0-9a-f]{32}$/);
  expect(newEventId()).not.toBe(newEventId());
});

test.each([
  [{ source: "deployment", subject: "42" }, true],
  [{ source: "github", subject: "42" }, true],
  [{ source: "tocsin", type: "deployment.stalled", subject: "42" }, true],
  [{ source: "deployment", subject: "" }, false],
  [{ source: "cloudevents", subject: "42" }, false],
])("whether %o is about a deployment: %s", (some, isAboutOne) => {
  expect(deploymentOf({ ...EVENT, ...some }) !== null).toBe(isAboutOne);
});
