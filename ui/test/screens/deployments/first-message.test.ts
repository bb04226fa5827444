// The commands that fill an empty front page.

import { afterEach, expect, it, vi } from "vitest";
import { demoCommand, firstMessage } from "@/screens/deployments/first-message.ts";
import { isLoopback } from "@/surroundings/prefix.ts";

afterEach(() => vi.unstubAllGlobals());

it.each([
  ["localhost", true],
  ["127.0.0.1", true],
  ["127.8.0.1", true],
  ["[::1]", true],
  ["tocsin.example.org", false],
  ["127.0.0.1.example.org", false],
  ["10.0.0.7", false],
])("knows whether %s is the machine itself", (host, isHere) => {
  expect(isLoopback(host)).toBe(isHere);
});

it("begins a deployment on this server", () => {
  const command = firstMessage(new Date("2026-01-01T12:00:00Z"), false);

  expect(command).toContain(`curl -X POST '${location.origin}/api/webhooks/deployment'`);
  expect(command).toContain('"timestamp": "2026-01-01T12:00:00.000Z"');
  expect(command).not.toContain("Authorization");
});

it("leaves a place for the token where one is needed", () => {
  expect(firstMessage(new Date(), true)).toContain('-H "Authorization: Bearer $TOCSIN_TOKEN"');
});

it("names the server to the demo unless it is the usual one", () => {
  vi.stubGlobal("location", { origin: "http://127.0.0.1:8000" });
  expect(demoCommand()).toBe("tocsin demo");

  vi.stubGlobal("location", { origin: "https://tocsin.example.org" });
  expect(demoCommand()).toBe("tocsin demo --url https://tocsin.example.org");
});
