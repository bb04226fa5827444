// The log's keys: some work on the whole screen, those of a list only while the log has focus.

import { type EffectScope, effectScope, onBeforeUnmount, onMounted } from "vue";
import { type Binding, useKeys } from "@/keys/keys.ts";

/** Bind `own` always, and `focused` from when `element` gets focus until another part gets it. */
export function useLogKeys(
  own: readonly Binding[],
  focused: readonly Binding[],
  element: () => HTMLElement | null,
): void {
  let inFocus: EffectScope | null = null;

  function onFocus({ target }: FocusEvent): void {
    if (target === element()) {
      release();
      inFocus = effectScope(true);
      inFocus.run(() => useKeys(focused));
    } else if (!(target as Element).closest("[role=dialog], .n-modal-container")) {
      // The list of keys is a dialog, and tells what worked where it was opened.
      release();
    }
  }

  function release(): void {
    inFocus?.stop();
    inFocus = null;
  }

  useKeys(own);
  onMounted(() => document.addEventListener("focusin", onFocus));
  onBeforeUnmount(() => {
    document.removeEventListener("focusin", onFocus);
    release();
  });
}
