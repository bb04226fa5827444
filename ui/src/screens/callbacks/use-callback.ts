// A callback and what is being changed of it: read, compared, saved.

import { computed, ref, watch } from "vue";
import type { Callback } from "@/api/callback-shapes.ts";
import { changeRelease, readRelease } from "@/api/release.ts";
import { useSubmitting } from "@/api/submitting.ts";
import { usePolled } from "@/live/polled.ts";
import {
  ALL_PROJECTS,
  type CallbackDraft,
  draftOf,
  newDraft,
  wantedOf,
} from "@/screens/callbacks/drafts.ts";
import { ownZone } from "@/screens/callbacks/zones.ts";
import { language } from "@/texts/index.ts";

/** In addresses, of one that is not stored yet. */
export const NEW = "new";
const EVERY_MS = 5_000;

/** `saved` is called with the callback once it is stored. */
export function useCallback(
  id: () => string,
  project: () => string,
  saved: (callback: Callback) => Promise<unknown>,
) {
  const draft = ref<CallbackDraft | null>(null);
  const before = ref("");
  const isNew = computed(() => id() === NEW);
  const reading = usePolled<Callback | null>(
    (signal) =>
      isNew.value
        ? Promise.resolve(null)
        : readRelease(`/callbacks/${encodeURIComponent(id())}`, {}, signal),
    EVERY_MS,
    { source: id },
  );
  const stored = computed(() => (isNew.value ? null : reading.data.value));
  const isDirty = computed(() => draft.value !== null && asText(draft.value) !== before.value);

  function take(now: CallbackDraft): void {
    draft.value = now;
    // What a reactive copy of it comes to, as it is compared with one.
    before.value = asText(now);
  }

  function begin(): void {
    if (isNew.value) {
      take(newDraft(project() || ALL_PROJECTS, language.value, ownZone()));
    } else {
      draft.value = null;
    }
  }

  watch(id, begin, { immediate: true });
  watch(reading.data, (callback) => {
    if (callback?.id === id() && draft.value === null) {
      take(draftOf(callback, ownZone()));
    }
  });

  const saving = useSubmitting(async () => {
    if (draft.value === null) {
      return;
    }
    const wanted = wantedOf(draft.value);
    const callback = isNew.value
      ? await changeRelease<Callback>(
          "POST",
          `/projects/${encodeURIComponent(wanted.project_id)}/callbacks`,
          wanted,
        )
      : await changeRelease<Callback>("PUT", `/callbacks/${encodeURIComponent(id())}`, wanted);
    take(draftOf(callback, ownZone()));
    await saved(callback);
    await reading.again();
  });

  /** Back to what is stored. */
  function undo(): void {
    if (stored.value !== null) {
      take(draftOf(stored.value, ownZone()));
    } else {
      begin();
    }
    saving.problem.value = null;
  }

  return { ...reading, stored, draft, isNew, isDirty, saving, undo };
}

function asText(draft: CallbackDraft): string {
  return JSON.stringify(wantedOf(draft));
}
