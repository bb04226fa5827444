// The button that copies the call behind a screen.

import { flushPromises, mount } from "@vue/test-utils";
import { afterEach, expect, it, vi } from "vitest";
import { createI18n } from "vue-i18n";
import CurlButton from "@/parts/CurlButton.vue";
import frame from "@/texts/en/frame.json";

afterEach(() => {
  vi.restoreAllMocks();
});

function button(props: InstanceType<typeof CurlButton>["$props"]) {
  const i18n = createI18n({ legacy: false, locale: "en", messages: { en: { frame } } as never });
  return mount(CurlButton, { props, global: { plugins: [i18n] } });
}

it("copies the command for the call as it is when pressed", async () => {
  const copied = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  const shown = button({ path: "/api/v1/projects", query: { limit: 5 } });
  await shown.setProps({ query: { limit: 7 } });

  await shown.find("button").trigger("click");
  await flushPromises();

  expect(copied).toHaveBeenCalledWith(`curl '${location.origin}/api/v1/projects?limit=7'`);
  expect(shown.text()).toContain("Copied");
});

it("says what it does, and shows the whole command on hover", () => {
  const shown = button({ path: "/api/v1/tokens", method: "POST", body: { name: "ci" } });

  expect(shown.text()).toContain("Copy as curl");
  expect(shown.find("button").attributes("title")).toContain("curl -X POST");
  expect(shown.find("button").attributes("title")).toContain('"name": "ci"');
});
