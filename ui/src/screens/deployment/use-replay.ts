// The clock of a replay: where it stands, whether and how fast it goes.

import { computed, onScopeDispose, readonly, ref, watch } from "vue";
import type { Run } from "@/api/shapes.ts";
import { momentsOf, nextMoment, replaySpan } from "@/screens/deployment/replay.ts";

export const SPEEDS = [1, 4, 16] as const;
export type Speed = (typeof SPEEDS)[number];

const TICK_MS = 100;

export type Replay = ReturnType<typeof useReplay>;

/** A replay of `run()`; `heardAt()` is up to when something is known of one that goes on. */
export function useReplay(run: () => Run | null, heardAt: () => number) {
  const at = ref<number | null>(null);
  const isPlaying = ref(false);
  const speed = ref<Speed>(1);
  const span = computed(() => {
    const known = run();
    return known === null ? null : replaySpan(known, heardAt());
  });
  const moments = computed(() => {
    const known = run();
    return known === null ? [] : momentsOf(known);
  });
  let timer: ReturnType<typeof setInterval> | undefined;
  let before = 0;

  function tick(): void {
    const now = performance.now();
    const passed = (now - before) * speed.value;
    before = now;
    if (at.value !== null) {
      seek(at.value + passed);
    }
  }

  function seek(wanted: number): void {
    if (span.value === null) {
      return;
    }
    at.value = Math.min(Math.max(wanted, span.value.from), span.value.to);
    if (at.value >= span.value.to) {
      isPlaying.value = false;
    }
  }

  function open(wanted: number | null, plays: boolean): void {
    if (span.value === null) {
      return;
    }
    seek(wanted ?? span.value.from);
    isPlaying.value = plays && at.value !== null && at.value < span.value.to;
  }

  /** Pause, or go on; from the end it begins anew. */
  function toggle(): void {
    if (!isPlaying.value && span.value !== null && at.value === span.value.to) {
      seek(span.value.from);
    }
    isPlaying.value = !isPlaying.value;
  }

  /** To the next thing that happened, or back to the one before. */
  function step(way: 1 | -1): void {
    isPlaying.value = false;
    const found = at.value === null ? null : nextMoment(moments.value, at.value, way);
    if (found !== null) {
      seek(found);
    }
  }

  function close(): void {
    isPlaying.value = false;
    at.value = null;
  }

  watch(isPlaying, (plays) => {
    clearInterval(timer);
    if (plays) {
      before = performance.now();
      timer = setInterval(tick, TICK_MS);
    }
  });
  onScopeDispose(() => clearInterval(timer));

  return {
    /** In milliseconds since 1970; null while nothing is replayed. */
    at: readonly(at),
    isPlaying: readonly(isPlaying),
    speed,
    span,
    open,
    toggle,
    seek,
    step,
    close,
  };
}
