// Where one can go, by role and by room.

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { flushPromises, mount } from "@vue/test-utils";
import { createI18n } from "vue-i18n";
import { createMemoryHistory, createRouter } from "vue-router";
import PlaceList from "@/frame/PlaceList.vue";
import { PLACES } from "@/frame/places.ts";
import en from "@/texts/en.ts";
import { signedInAs } from "../opened.ts";

const { happyDOM, innerWidth } = window as typeof window & {
  happyDOM: { setViewport: (size: { width: number }) => void };
};

beforeEach(() => signedInAs("viewer"));
afterEach(() => {
  happyDOM.setViewport({ width: innerWidth });
  vi.unstubAllGlobals();
});

async function placesAt(path: string, width: number) {
  happyDOM.setViewport({ width });
  const component = { template: "<i />" };
  const routes = PLACES.map(({ name, path: own }) => ({ path: own, name, component }));
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [...routes, { path: "/sources/:kind", name: "source", component }],
  });
  const i18n = createI18n({ legacy: false, locale: "en", messages: { en: en.texts as never } });
  await router.push(path);
  const shown = mount(PlaceList, { global: { plugins: [router, i18n] } });
  await flushPromises();
  return { shown, router };
}

it("shows those that the role may see, and which one this is", async () => {
  const { shown } = await placesAt("/sources/github", 1280);
  const names = shown.findAll("a").map((link) => link.text());

  const reading = ["Deployments", "Projects", "Events", "Trainings", "Sources", "Callbacks", "System"];
  expect(names).toEqual(reading);
  expect(shown.find('[aria-current="page"]').text()).toBe("Sources");
});

it("keeps what does not fit on a phone behind a button", async () => {
  const { shown, router } = await placesAt("/system", 360);
  const more = shown.find("button");

  expect(more.text()).toBe("More");
  expect(more.classes()).toContain("on");
  expect(more.attributes("aria-expanded")).toBe("false");
  await more.trigger("click");
  expect(more.attributes("aria-expanded")).toBe("true");
  await router.push("/sources");
  await flushPromises();
  expect(more.attributes("aria-expanded")).toBe("false");
});
