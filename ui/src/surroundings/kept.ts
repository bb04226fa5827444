// What this browser remembers of its user's choices.

import { type Ref, ref, watch } from "vue";

/** A choice that outlives the page; what is stored and is none of `allowed` counts as absent. */
export function kept<T extends string>(name: string, allowed: readonly T[], otherwise: T): Ref<T> {
  const choice = ref(read(name, allowed) ?? otherwise) as Ref<T>;
  watch(choice, (value) => {
    try {
      localStorage.setItem(`tocsin.${name}`, value);
    } catch {
      // A browser that keeps nothing forgets with the page.
    }
  });
  return choice;
}

function read<T extends string>(name: string, allowed: readonly T[]): T | undefined {
  try {
    const said = localStorage.getItem(`tocsin.${name}`);
    return allowed.find((one) => one === said);
  } catch {
    return undefined;
  }
}
