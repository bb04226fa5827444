// What an empty front page says, to callers from here and from elsewhere.

import { mount } from "@vue/test-utils";
import { afterEach, expect, it, vi } from "vitest";
import { renewSession } from "@/api/session.ts";
import FirstMessage from "@/screens/deployments/FirstMessage.vue";
import { surroundings } from "./deployments.ts";

afterEach(() => vi.unstubAllGlobals());

async function open(hostname: string, role: string) {
  const said = JSON.stringify({ role, name: "ada", kind: "session", csrf: null });
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(said)));
  await renewSession();
  vi.stubGlobal("location", { hostname, origin: `https://${hostname}` });
  return mount(FirstMessage, { global: surroundings().global });
}

it("asks for no token on the server's own machine, whoever is signed in", async () => {
  const shown = await open("localhost", "admin");

  expect(shown.text()).not.toContain("Bearer");
  expect(shown.text()).not.toContain("token of the role sender");
});

it("shows an administrator elsewhere where to make a token", async () => {
  const shown = await open("tocsin.example.org", "admin");

  expect(shown.text()).toContain("Bearer $TOCSIN_TOKEN");
  expect(shown.find("a").attributes("href")).toBe("/tokens");
});

it("sends others to an administrator", async () => {
  const shown = await open("tocsin.example.org", "viewer");

  expect(shown.text()).toContain("An administrator can make one.");
  expect(shown.find("a").exists()).toBe(false);
});
