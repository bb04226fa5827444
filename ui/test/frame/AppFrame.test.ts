// The frame hears keys for as long as it is there.

import { beforeEach, expect, it, vi } from "vitest";
import { effectScope } from "vue";
import { mount } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { createMemoryHistory, createRouter } from "vue-router";
import AppFrame from "@/frame/AppFrame.vue";
import { useKeys } from "@/keys/keys.ts";
import en from "@/texts/en.ts";
import { signedInAs } from "../opened.ts";

beforeEach(() => signedInAs("viewer"));

function frame() {
  const component = { template: "<i />" };
  const routes = [{ path: "/:rest(.*)", component }];
  const router = createRouter({ history: createMemoryHistory(), routes });
  const i18n = createI18n({ legacy: false, locale: "en", messages: { en: en.texts as never } });
  const stubs = { AccountMenu: true, KeysHelp: true, LinkNote: true, PlaceList: true };
  return mount(AppFrame, { global: { plugins: [router, i18n], stubs } });
}

it("no longer hears them once somebody has signed out", () => {
  const run = vi.fn();
  const scope = effectScope();
  scope.run(() => useKeys([{ keys: "x", text: "help", run }]));
  const shown = frame();

  window.dispatchEvent(new KeyboardEvent("keydown", { key: "x", cancelable: true }));
  shown.unmount();
  window.dispatchEvent(new KeyboardEvent("keydown", { key: "x", cancelable: true }));
  scope.stop();

  expect(run).toHaveBeenCalledTimes(1);
});
