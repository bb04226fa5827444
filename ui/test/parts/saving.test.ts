// Changing something at the press of a button, asked for or not.

import { flushPromises, mount } from "@vue/test-utils";
import { NMessageProvider } from "naive-ui";
import { expect, it, vi } from "vitest";
import { defineComponent, h } from "vue";
import { createI18n } from "vue-i18n";
import { Problem } from "@/api/call.ts";
import ConfirmDialog from "@/parts/ConfirmDialog.vue";
import { type Saving, useSaving } from "@/parts/saving.ts";
import frame from "@/texts/en/frame.json";

function saving(again = vi.fn(async () => undefined)) {
  let own: Saving | undefined;
  const User = defineComponent(() => {
    own = useSaving(again);
    const { question } = own;
    return () =>
      h(ConfirmDialog, {
        modelValue: question.value,
        "onUpdate:modelValue": (now) => (question.value = now),
      });
  });
  const i18n = createI18n({ legacy: false, locale: "en", messages: { en: { frame } } as never });
  const shown = mount(
    { render: () => h(NMessageProvider, null, () => h(User)) },
    { global: { plugins: [i18n] }, attachTo: document.body },
  );
  return { ...(own as unknown as Saving), again, shown };
}

it("tells that it was done, and reads anew", async () => {
  const { save, again, shown } = saving();

  await save(Promise.resolve());
  await flushPromises();

  expect(document.body.textContent).toContain("Saved");
  expect(again).toHaveBeenCalledOnce();
  shown.unmount();
});

it("tells why it was refused, and reads anew all the same", async () => {
  const { save, again, shown } = saving();

  await save(Promise.reject(new Problem(409, "conflict", "There is one of this name.")));
  await flushPromises();

  expect(document.body.textContent).toContain("There is one of this name.");
  expect(again).toHaveBeenCalledOnce();
  shown.unmount();
});

it("lets a fault of ours go on", async () => {
  const { save, shown } = saving();

  await expect(save(Promise.reject(new TypeError("oops")))).rejects.toThrow("oops");
  shown.unmount();
});

it("asks first, by a window with a name, and does it once upon a yes", async () => {
  const { ask, shown } = saving();
  const work = vi.fn(async () => undefined);
  ask({ title: "Remove it?", text: "It is gone then.", verb: "Remove" }, work);
  await flushPromises();
  const dialog = document.querySelector('[role="dialog"]');

  expect(dialog?.getAttribute("aria-label")).toBe("Remove it?");
  expect(dialog?.textContent).toContain("It is gone then.");
  expect(work).not.toHaveBeenCalled();
  const buttons = [...(dialog?.querySelectorAll("button") ?? [])];
  buttons.find((one) => one.textContent?.trim() === "Remove")?.click();
  await flushPromises();
  expect(work).toHaveBeenCalledOnce();
  shown.unmount();
});
