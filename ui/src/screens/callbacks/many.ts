// Which callbacks are ticked, and what is done to all of them at once.

import { useMessage } from "naive-ui";
import { computed, ref, shallowRef } from "vue";
import { useI18n } from "vue-i18n";
import { Problem } from "@/api/call.ts";
import type { Callback } from "@/api/callback-shapes.ts";
import type { ManyAction, ManyResults } from "@/api/many-shapes.ts";
import { changeRelease } from "@/api/release.ts";
import { number } from "@/texts/times.ts";

/** What is shown once it is done, where a few words do not tell it. */
export interface Outcome extends ManyResults {
  action: ManyAction;
  /** Of the callbacks, by their ids. */
  names: ReadonlyMap<string, string>;
}

export const MANY_PATH = "/callbacks/batch";
const SHOWN_MS = 8_000;

/** `rows` are those in sight: what a filter hides is not meant. `again` reads them anew. */
export function useMany(
  rows: () => readonly Callback[],
  nameOf: (callback: Callback) => string,
  again: () => Promise<unknown>,
) {
  const { t } = useI18n();
  const message = useMessage();
  const ticked = shallowRef<ReadonlySet<string>>(new Set());
  const chosen = computed(() => rows().filter(({ id }) => ticked.value.has(id)));
  const doing = ref<ManyAction | null>(null);
  const outcome = shallowRef<Outcome | null>(null);

  function tick(ids: readonly string[], isOn: boolean): void {
    const others = [...ticked.value].filter((one) => !ids.includes(one));
    ticked.value = new Set(isOn ? [...others, ...ids] : others);
  }

  async function run(action: ManyAction): Promise<void> {
    if (doing.value !== null) {
      return;
    }
    const names = new Map(chosen.value.map((one) => [one.id, nameOf(one)]));
    doing.value = action;
    try {
      const wish = { action, ids: [...names.keys()] };
      const came = await changeRelease<ManyResults>("POST", MANY_PATH, wish);
      if (came.ok && action !== "test") {
        message.success(told(action, came));
      } else {
        outcome.value = { ...came, action, names };
      }
    } catch (error) {
      if (!(error instanceof Problem)) {
        throw error;
      }
      message.error(error.message, { duration: SHOWN_MS, closable: true });
    } finally {
      doing.value = null;
    }
    await again();
  }

  function told(action: ManyAction, { results }: ManyResults): string {
    const counted = results.map(({ data }) => (data !== null && "count" in data ? data.count : 1));
    const count = counted.reduce((sum, one) => sum + one, 0);
    return t(`many.done.${action}`, { n: number(count) }, count);
  }

  return { chosen, doing, outcome, tick, run };
}
