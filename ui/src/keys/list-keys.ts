// The keys of every list: `j` and `k` move through its rows, `/` goes to its search.

import type { Ref } from "vue";
import { useKeys } from "@/keys/keys.ts";

/** Rows are the links within `list` that carry `data-row`; the one with focus is where one is. */
export function useListKeys(
  list: Readonly<Ref<HTMLElement | null>>,
  search?: Readonly<Ref<HTMLElement | null>>,
): void {
  const move = (by: number) => () => {
    const rows = [...(list.value?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
    const at = rows.findIndex((row) => row === document.activeElement);
    const next = at < 0 && by < 0 ? undefined : rows[Math.max(0, at + by)];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  };
  useKeys([
    { keys: "j", text: "next", run: move(1) },
    { keys: "k", text: "previous", run: move(-1) },
    ...(search === undefined
      ? []
      : [{ keys: "/", text: "search", run: () => search.value?.focus() }]),
  ]);
}
