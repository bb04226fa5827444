// What the fields of a filter bar have in common: each is one part of the filters as a whole.

import { computed, type Ref, type WritableComputedRef } from "vue";
import { read } from "@/api/call.ts";
import type { Page, Project } from "@/api/shapes.ts";
import { useReading } from "@/live/reading.ts";

type Chosen<T> = readonly Exclude<T, null | "">[];

/** `always` is set with each change: where a page of a list began means nothing in another list. */
export function useFilterFields<F extends object>(filters: Ref<F>, always: Partial<F> = {}) {
  function change(some: Partial<F>): void {
    filters.value = { ...filters.value, ...always, ...some };
  }

  function field<Name extends keyof F>(name: Name): WritableComputedRef<F[Name]> {
    return computed({
      get: () => filters.value[name],
      set: (value) => change({ [name]: value } as unknown as Partial<F>),
    });
  }

  /** A choice of one or none, as a menu wants it. */
  function choice<Name extends keyof F>(name: Name): WritableComputedRef<Chosen<F[Name]>> {
    return computed({
      get: () => {
        const value = filters.value[name];
        return (value === null ? [] : [value]) as unknown as Chosen<F[Name]>;
      },
      set: (chosen) => change({ [name]: chosen[0] ?? null } as unknown as Partial<F>),
    });
  }

  return { change, field, choice };
}

/** The names as choices, each once, by the alphabet. */
export function namedOptions(names: readonly string[]): { value: string; text: string }[] {
  return [...new Set(names)]
    .filter((name) => name !== "")
    .sort((one, other) => one.localeCompare(other))
    .map((name) => ({ value: name, text: name }));
}

/** All projects to choose from, and those that are chosen though nothing is known of them. */
export function useProjectOptions(chosen: () => readonly string[]) {
  const { data } = useReading(
    (signal) => read<Page<Project>>("/api/v1/projects", { limit: 1000 }, signal),
    { everyMs: 15_000 },
  );
  return computed(() =>
    namedOptions([...chosen(), ...(data.value?.items ?? []).map((one) => one.project)]),
  );
}
