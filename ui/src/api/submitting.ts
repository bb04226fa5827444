// Send what a form holds: one at a time, with what the server found wrong.

import { type Ref, ref, shallowRef } from "vue";
import { Problem } from "@/api/call.ts";

export interface Submitting {
  problem: Ref<Problem | null>;
  isBusy: Ref<boolean>;
  submit: () => Promise<void>;
}

/** `work` sends it; what it throws beside a problem is a fault of ours and goes on. */
export function useSubmitting(work: () => Promise<void>): Submitting {
  const problem = shallowRef<Problem | null>(null);
  const isBusy = ref(false);

  async function submit(): Promise<void> {
    if (isBusy.value) {
      return;
    }
    isBusy.value = true;
    problem.value = null;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Problem)) {
        throw error;
      }
      problem.value = error;
    } finally {
      isBusy.value = false;
    }
  }

  return { problem, isBusy, submit };
}
