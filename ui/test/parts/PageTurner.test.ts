// Pages by number.

import { mount } from "@vue/test-utils";
import { expect, it } from "vitest";
import { createI18n } from "vue-i18n";
import PageTurner from "@/parts/PageTurner.vue";
import en from "@/texts/en.ts";

function turner(page: number, total: number) {
  const i18n = createI18n({ legacy: false, locale: "en", messages: { en: en.texts as never } });
  return mount(PageTurner, { props: { modelValue: page, total, size: 20 }, global: { plugins: [i18n] } });
}

it("says where one is and goes on", async () => {
  const shown = turner(2, 45);
  expect(shown.text()).toContain("21–40 of 45");

  await shown.find('button[aria-label="Next page"]').trigger("click");

  expect(shown.emitted("update:modelValue")).toEqual([[3]]);
});

it("is not there where all fits on one page", () => {
  expect(turner(1, 20).find("nav").exists()).toBe(false);
});

it("leads back from a page that is no longer there", () => {
  const shown = turner(3, 20);

  expect(shown.find('button[aria-label="Page before"]').attributes("disabled")).toBeUndefined();
});
