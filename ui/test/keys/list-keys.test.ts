// `j`, `k` and `/` in a list.

import { mount } from "@vue/test-utils";
import { expect, it } from "vitest";
import { ref } from "vue";
import { press } from "@/keys/keys.ts";
import { useListKeys } from "@/keys/list-keys.ts";

function open() {
  return mount(
    {
      template: `<input ref="search" />
        <div ref="list"><a href="#1" data-row>1</a><b>-</b><a href="#2" data-row>2</a></div>`,
      setup() {
        const list = ref<HTMLElement | null>(null);
        const search = ref<HTMLElement | null>(null);
        useListKeys(list, search);
        return { list, search };
      },
    },
    { attachTo: document.body },
  );
}

function type(key: string): string {
  press(new KeyboardEvent("keydown", { key }), 0);
  return document.activeElement?.textContent ?? "";
}

it("moves from row to row, and not beyond the last and the first", () => {
  const shown = open();

  expect(["j", "j", "j", "k", "k"].map(type)).toEqual(["1", "2", "2", "1", "1"]);
  shown.unmount();
});

it("begins with the first row, and only on the way down", () => {
  const shown = open();

  type("k");
  expect(document.activeElement).toBe(document.body);

  expect(type("j")).toBe("1");
  shown.unmount();
});

it("goes to the search", () => {
  const shown = open();

  type("/");

  expect(document.activeElement).toBe(shown.find("input").element);
  shown.unmount();
});
