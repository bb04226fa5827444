// How a log ends just now: over, waiting for more, not live, or caught up again.

import { computed, type Ref, ref, watch } from "vue";
import { linkCaughtUp, linkLostAt, linkState } from "@/live/link.ts";
import type { Lines } from "@/log/use-lines.ts";
import { useNow } from "@/surroundings/clock.ts";

export type TailState =
  | { kind: "over" | "waiting" | "empty" | "loading" }
  | { kind: "lost"; since: number }
  | { kind: "unread"; line: number }
  | { kind: "back"; lines: number };

const BACK_SHOWN_MS = 12_000;

/** Follows the live line; reads what was missed once it is back. */
export function useTailState(lines: Lines, isOver: () => boolean): Readonly<Ref<TailState>> {
  const now = useNow();
  const back = ref<{ at: number; lines: number } | null>(null);
  let totalWhenLost: number | null = null;

  watch(linkState, (state) => {
    if (state === "waiting") {
      totalWhenLost ??= lines.total.value;
    }
  });
  watch(linkCaughtUp, async (told) => {
    if (told !== null && totalWhenLost !== null) {
      const before = totalWhenLost;
      totalWhenLost = null;
      await lines.ring();
      back.value = { at: Date.now(), lines: Math.max(0, lines.total.value - before) };
    }
  });

  return computed<TailState>(() => {
    if (lines.isLoading.value) {
      return { kind: "loading" };
    }
    if (isOver()) {
      return { kind: lines.total.value === 0 ? "empty" : "over" };
    }
    if (linkState.value === "waiting" && linkLostAt.value !== null) {
      return { kind: "lost", since: linkLostAt.value };
    }
    if (lines.isTailLost.value) {
      return { kind: "unread", line: lines.total.value };
    }
    if (back.value !== null && now.value - back.value.at < BACK_SHOWN_MS) {
      return { kind: "back", lines: back.value.lines };
    }
    return { kind: "waiting" };
  });
}
