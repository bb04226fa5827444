// A template and what is being changed of it: read, compared, saved.

import { computed, ref, watch } from "vue";
import type { Template } from "@/api/delivery-shapes.ts";
import { changeRelease, readRelease } from "@/api/release.ts";
import { useSubmitting } from "@/api/submitting.ts";
import { useReading } from "@/live/reading.ts";
import { NEW } from "@/screens/callbacks/use-callback.ts";
import { language } from "@/texts/index.ts";

export type TemplateDraft = Pick<
  Template,
  "name" | "channel_type" | "event_type" | "language" | "title" | "body"
>;

/** `saved` is called with the template once it is stored. */
export function useTemplate(id: () => string, saved: (template: Template) => Promise<unknown>) {
  const draft = ref<TemplateDraft | null>(null);
  const before = ref("");
  const isNew = computed(() => id() === NEW);
  const reading = useReading<Template | null>(
    (signal) =>
      isNew.value
        ? Promise.resolve(null)
        : readRelease(`/templates/${encodeURIComponent(id())}`, {}, signal),
    { isStale: false, source: id },
  );
  const stored = computed(() => (isNew.value ? null : reading.data.value));
  const isDirty = computed(() => draft.value !== null && JSON.stringify(draft.value) !== before.value);

  function take(now: TemplateDraft): void {
    draft.value = { ...now };
    before.value = JSON.stringify(draft.value);
  }

  function begin(): void {
    if (isNew.value) {
      take({
        ...{ name: "", channel_type: "", event_type: "", title: "", body: "" },
        language: language.value,
      });
    } else {
      draft.value = null;
    }
  }

  watch(id, begin, { immediate: true });
  watch(reading.data, (template) => {
    if (template?.id === id() && draft.value === null) {
      take(draftOf(template));
    }
  });

  const saving = useSubmitting(async () => {
    const template = isNew.value
      ? await changeRelease<Template>("POST", "/templates", draft.value)
      : await changeRelease<Template>("PUT", `/templates/${encodeURIComponent(id())}`, draft.value);
    take(draftOf(template));
    await saved(template);
    await reading.again();
  });

  /** Back to what is stored. */
  function undo(): void {
    if (stored.value !== null) {
      take(draftOf(stored.value));
    } else {
      begin();
    }
    saving.problem.value = null;
  }

  return { ...reading, stored, draft, isNew, isDirty, saving, undo };
}

function draftOf({ name, channel_type, event_type, language, title, body }: Template): TemplateDraft {
  return { name, channel_type, event_type, language, title, body };
}
