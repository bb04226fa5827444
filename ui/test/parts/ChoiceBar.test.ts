// One of a few, side by side.

import { mount } from "@vue/test-utils";
import { expect, it } from "vitest";
import ChoiceBar from "@/parts/ChoiceBar.vue";

it("tells its name and what is chosen, and takes another one", async () => {
  const choices = [
    { value: "all", text: "All" },
    { value: "stored", text: "Stored" },
  ];
  const bar = mount(ChoiceBar, { props: { name: "Outcome", choices, modelValue: "all" } });

  expect(bar.find("legend").text()).toBe("Outcome");
  expect(bar.find("label.on").text()).toBe("All");
  await bar.find('input[value="stored"]').setValue();
  expect(bar.emitted("update:modelValue")).toEqual([["stored"]]);
});
