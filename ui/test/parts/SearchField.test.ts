// The field for a text to search by.

import { mount } from "@vue/test-utils";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import SearchField from "@/parts/SearchField.vue";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function field(text = "") {
  return mount(SearchField, { props: { label: "Search", modelValue: text } });
}

it("tells the text once typing has paused", async () => {
  const shown = field();

  await shown.find("input").setValue("ma");
  vi.advanceTimersByTime(200);
  await shown.find("input").setValue(" main ");
  vi.advanceTimersByTime(200);
  expect(shown.emitted("update:modelValue")).toBeUndefined();

  vi.advanceTimersByTime(100);
  expect(shown.emitted("update:modelValue")).toEqual([["main"]]);
});

it("tells it at once with Enter", async () => {
  const shown = field();

  await shown.find("input").setValue("main");
  await shown.find("input").trigger("keydown", { key: "Enter" });

  expect(shown.emitted("update:modelValue")).toEqual([["main"]]);
});

it("takes over a text from outside, but not while one types", async () => {
  const shown = field("one");
  await shown.setProps({ modelValue: "two" });
  expect(shown.find("input").element.value).toBe("two");

  await shown.find("input").setValue("thr");
  await shown.setProps({ modelValue: "one" });
  expect(shown.find("input").element.value).toBe("thr");
});
