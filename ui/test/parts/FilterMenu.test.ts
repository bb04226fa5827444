// The sheet of choices that a filter opens.

import { mount } from "@vue/test-utils";
import { expect, it } from "vitest";
import FilterMenu from "@/parts/FilterMenu.vue";
import { surroundings } from "../screens/deployments/deployments.ts";

const many = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ value: `v${index}`, text: `Option ${index}` }));

function menu(chosen: string[], options = many(3), several = true) {
  const { global } = surroundings();
  const shown = mount(FilterMenu, {
    props: {
      name: "Project",
      options,
      several,
      modelValue: chosen,
      "onUpdate:modelValue": (value: readonly string[]) => void shown.setProps({ modelValue: value }),
    },
    global,
    attachTo: document.body,
  });
  return shown;
}

it("tells what is chosen without being opened", () => {
  expect(menu(["v1"]).find(".open").text()).toBe("ProjectOption 1");
  expect(menu(["v1", "v2", "v0"]).find(".open").text()).toBe("ProjectOption 1 +2");
});

it("tells a chosen value that is no option any more", () => {
  expect(menu(["gone"]).find(".open").text()).toBe("Projectgone");
});

it("opens with the focus on what is chosen, and closes back to its button", async () => {
  const shown = menu(["v1"]);

  await shown.find(".open").trigger("click");
  expect(document.activeElement).toBe(shown.findAll("input")[1]?.element);

  await shown.find(".sheet").trigger("keydown", { key: "Escape" });
  expect(shown.find(".sheet").exists()).toBe(false);
  expect(document.activeElement).toBe(shown.find(".open").element);
});

it("takes several, and gives them back", async () => {
  const shown = menu(["v1"]);
  await shown.find(".open").trigger("click");

  await shown.findAll("input")[2]?.setValue(true);
  expect(shown.props("modelValue")).toEqual(["v1", "v2"]);

  await shown.findAll("input")[1]?.setValue(false);
  expect(shown.props("modelValue")).toEqual(["v2"]);
});

it("takes one where there can be only one, and closes", async () => {
  const shown = menu(["v1"], many(3), false);
  await shown.find(".open").trigger("click");

  await shown.findAll("input")[2]?.setValue(true);

  expect(shown.props("modelValue")).toEqual(["v2"]);
  expect(shown.find(".sheet").exists()).toBe(false);
});

it("can be searched when there is much to choose from, and draws a hundred", async () => {
  const shown = menu([], many(250));
  await shown.find(".open").trigger("click");
  expect(shown.findAll(".option")).toHaveLength(100);

  await shown.find(".search").setValue("option 249");
  expect(shown.findAll(".option").map((option) => option.text())).toEqual(["Option 249"]);

  await shown.find(".search").setValue("nothing like it");
  expect(shown.text()).toContain("None with this name");
});

it("is walked through with the arrow keys", async () => {
  const shown = menu([]);
  await shown.find(".open").trigger("click");

  await shown.find(".sheet").trigger("keydown", { key: "ArrowUp" });

  expect(document.activeElement).toBe(shown.findAll("input")[2]?.element);
});

it("clears what was chosen", async () => {
  const shown = menu(["v0", "v1"]);
  await shown.find(".open").trigger("click");

  await shown.find(".clear").trigger("click");

  expect(shown.props("modelValue")).toEqual([]);
});
