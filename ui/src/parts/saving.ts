// Change something at the press of a button: say whether it was done, and read anew what is shown.

import { useMessage } from "naive-ui";
import { type Ref, shallowRef } from "vue";
import { useI18n } from "vue-i18n";
import { Problem } from "@/api/call.ts";

/** What is asked before something that cannot be undone; `ConfirmDialog` shows it. */
export interface Question {
  title: string;
  text: string;
  /** What the button does that says yes. */
  verb: string;
  yes: () => Promise<unknown>;
}

export interface Saving {
  /** What is being asked just now. */
  question: Ref<Question | null>;
  /** Do it, and tell how it went. What it throws beside a problem is a fault of ours and goes on. */
  save: (work: Promise<unknown>) => Promise<void>;
  /** Ask first. */
  ask: (question: Omit<Question, "yes">, work: () => Promise<unknown>) => void;
}

const SHOWN_MS = 8_000;

/** `again` reads what is shown, also after a refusal: somebody else may have been faster. */
export function useSaving(again: () => Promise<unknown>): Saving {
  const { t } = useI18n();
  const message = useMessage();
  const question = shallowRef<Question | null>(null);

  async function save(work: Promise<unknown>): Promise<void> {
    try {
      await work;
      message.success(t("frame.saved"));
    } catch (error) {
      if (!(error instanceof Problem)) {
        throw error;
      }
      message.error(error.message, { duration: SHOWN_MS, closable: true });
    }
    await again();
  }

  function ask(words: Omit<Question, "yes">, work: () => Promise<unknown>): void {
    question.value = { ...words, yes: () => save(work()) };
  }

  return { question, save, ask };
}
