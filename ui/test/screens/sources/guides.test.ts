// What is told to enter at each sender.

import { expect, it } from "vitest";
import { entryOf, guideOf, isTheirSecret } from "@/screens/sources/guides.ts";

const ADDRESS = "https://tocsin.example/hooks/x";

it("tells where to go and what to enter", () => {
  const { place, fields, secret } = guideOf("github", ADDRESS);

  expect(place).toEqual(["Settings", "Webhooks", "Add webhook"]);
  expect(fields).toContainEqual({ label: "Payload URL", value: { own: "address" } });
  expect(fields).toContainEqual({ label: "Secret", value: { own: "secret" } });
  expect(secret).toBe("here");
});

it.each(["alertmanager", "cloudevents", "deployment", "generic", "github"])(
  "has a snippet for %s with the address in it",
  (kind) => {
    expect(guideOf(kind, ADDRESS).snippet).toContain(ADDRESS);
  },
);

it("puts FAL's address into the call that begins a training", () => {
  expect(guideOf("fal", ADDRESS).snippet).toContain(`fal_webhook=${encodeURIComponent(ADDRESS)}`);
  expect(entryOf("fal", "/api/v1/avatar/status_update")).toMatch(/\?training_type=portrait$/);
  expect(entryOf("fal", "/hooks/fal/a")).toBe("/hooks/fal/a");
  expect(entryOf("github", "/hooks/github")).toBe("/hooks/github");
});

it("knows whose secret is made elsewhere", () => {
  const theirs = ["github", "gitlab", "slack", "stripe", "sentry", "standard"].filter(isTheirSecret);

  expect(theirs).toEqual(["slack", "stripe", "sentry", "standard"]);
});

it("has something to say of a kind that it does not know", () => {
  const guide = guideOf("pigeon", ADDRESS);

  expect(guide).toEqual({ place: [], fields: [], snippet: null, secret: "here" });
});
