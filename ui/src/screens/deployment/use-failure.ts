// Leads who opens a failed deployment to the step that failed.

import { watch } from "vue";
import type { Run } from "@/api/shapes.ts";
import { firstFailed } from "@/screens/deployment/steps.ts";
import type { Place } from "@/screens/deployment/use-place.ts";

/**
 * Chooses the failed step when a run comes into view, and only then: a run that fails while
 * somebody reads its log takes nothing away from them. Nor does it where the address says what
 * to show.
 */
export function useFailure(place: Place, run: () => Run): void {
  watch(
    () => run().run,
    () => {
      const { status, steps } = run();
      const isAsked = place.isStepSaid.value || place.hash.value !== "";
      const failed = status === "failed" ? firstFailed(steps) : null;
      if (!isAsked && place.replayAt.value === null && failed !== null) {
        void place.go({ step: failed.name }, true);
      }
    },
    { immediate: true },
  );
}
