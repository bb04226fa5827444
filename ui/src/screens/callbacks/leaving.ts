// Asks before a form is left whose changes would be lost.

import { onScopeDispose, type Ref, shallowRef } from "vue";
import { useI18n } from "vue-i18n";
import { useRouter } from "vue-router";
import type { Question } from "@/parts/saving.ts";

interface Leaving {
  question: Ref<Question | null>;
  /** Go without a question, as after saving. */
  leave: (go: () => Promise<unknown>) => Promise<void>;
}

export function useLeaving(wouldLose: () => boolean): Leaving {
  const { t } = useI18n();
  const router = useRouter();
  const question = shallowRef<Question | null>(null);
  let isAllowed = false;

  async function leave(go: () => Promise<unknown>): Promise<void> {
    isAllowed = true;
    try {
      await go();
    } finally {
      isAllowed = false;
    }
  }

  const stopGuarding = router.beforeEach((to, from) => {
    if (isAllowed || to.path === from.path || !wouldLose()) {
      return true;
    }
    question.value = {
      title: t("callbacks.leave.title"),
      text: t("callbacks.leave.text"),
      verb: t("callbacks.leave.yes"),
      yes: () => leave(() => router.push(to.fullPath)),
    };
    return false;
  });

  const unload = (event: BeforeUnloadEvent): void => {
    if (wouldLose()) {
      event.preventDefault();
    }
  };
  window.addEventListener("beforeunload", unload);
  onScopeDispose(() => {
    stopGuarding();
    window.removeEventListener("beforeunload", unload);
  });

  return { question, leave };
}
