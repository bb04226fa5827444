// How far the log had come at the time that a replay shows.

import { onScopeDispose, ref, type Ref, watch } from "vue";
import { read } from "@/api/call.ts";
import type { LinesPage } from "@/api/shapes.ts";
import { LineClock } from "@/screens/deployment/line-clock.ts";
import { pathOf } from "@/screens/deployment/use-deployment.ts";

interface Wanted {
  id: string;
  project: string;
  lines: number;
  /** In milliseconds since 1970; null while nothing is replayed. */
  at: number | null;
}

/** The number of the last line up to `at`; null while nothing is replayed or it is not known. */
export function useLinesAt(wanted: () => Wanted): Readonly<Ref<number | null>> {
  const found = ref<number | null>(null);
  let clock: LineClock | null = null;
  let isBusy = false;
  let isNews = false;
  let isGone = false;

  async function look(): Promise<void> {
    if (isBusy) {
      isNews = true;
      return;
    }
    isBusy = true;
    do {
      isNews = false;
      const { id, project, lines, at } = wanted();
      clock ??= new LineClock(async (from, limit) => {
        const query = { project, from_line: from, limit, with_total: false };
        return (await read<LinesPage>(pathOf(id, "/logs"), query)).items;
      });
      try {
        found.value = at === null ? null : await clock.lineAt(at, lines);
      } catch {
        // What stands there stays; the next move of the replay looks again.
      }
    } while (isNews && !isGone);
    isBusy = false;
  }

  watch(
    () => [wanted().id, wanted().project],
    () => {
      clock = null;
    },
  );
  watch(
    () => [wanted().at, wanted().lines],
    () => void look(),
    { immediate: true },
  );
  onScopeDispose(() => {
    isGone = true;
  });
  return found;
}
