// The names of failed steps, read for the few deployments that are shown as needing a look.

import { onScopeDispose, type Ref, shallowRef, watch } from "vue";
import { read } from "@/api/call.ts";
import type { Page, Step, Summary } from "@/api/shapes.ts";
import { kindOfStep } from "@/parts/status.ts";
import { keyOf } from "@/screens/deployments/sections.ts";

const MOST = 20;

// A list tells how many steps failed; which ones takes a call for each deployment, so once.
const known = new Map<string, readonly string[]>();
const KNOWN_MOST = 500;

/** Names of failed steps by the deployments' keys, as far as they are known. */
export function useFailedSteps(
  rows: () => readonly Summary[],
): Readonly<Ref<ReadonlyMap<string, readonly string[]>>> {
  const names = shallowRef<ReadonlyMap<string, readonly string[]>>(new Map());
  const ended = new AbortController();
  onScopeDispose(() => ended.abort());

  async function learn(row: Summary): Promise<void> {
    const found = await read<Page<Step>>(
      `/api/v1/deployments/${encodeURIComponent(row.id)}/steps`,
      { project: row.project, run: row.run },
      ended.signal,
    );
    const failed = found.items.filter((step) => kindOfStep(step) === "failed");
    if (known.size >= KNOWN_MOST) {
      known.clear();
    }
    known.set(lookOf(row), failed.map((step) => step.name));
  }

  watch(
    () => rows().filter((row) => row.status === "failed" && row.steps_failed > 0).slice(0, MOST),
    async (failed) => {
      const tell = (): void => {
        names.value = new Map(failed.map((row) => [keyOf(row), known.get(lookOf(row)) ?? []]));
      };
      tell();
      const unknown = failed.filter((row) => !known.has(lookOf(row)));
      if (unknown.length > 0) {
        // Without the names a row still says how many failed.
        await Promise.allSettled(unknown.map(learn));
        tell();
      }
    },
    { immediate: true },
  );
  return names;
}

/** What is known holds for a deployment up to its newest event. */
function lookOf(row: Summary): string {
  return `${row.seq} ${keyOf(row)}`;
}
