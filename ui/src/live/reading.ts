// Read something off the API and keep it new: at once, at each ring, never twice at a time.

import { onScopeDispose, type Ref, ref, shallowRef, watch } from "vue";
import { Problem } from "@/api/call.ts";
import { type Ring, useRing } from "@/live/link.ts";

export interface Reading<T> {
  /** What was read last; stays while it is read again. */
  data: Readonly<Ref<T | null>>;
  problem: Readonly<Ref<Problem | null>>;
  /** True until something was read or refused for the present `source`. */
  isLoading: Readonly<Ref<boolean>>;
  /** When it was read, in milliseconds since 1970. */
  readAt: Readonly<Ref<number | null>>;
  again: () => Promise<void>;
}

export interface ReadingOptions {
  /** Which rings mean that it is old; all by default, `false`: none. */
  isStale?: ((ring: Ring) => boolean) | false;
  /** The shortest time between two readings. */
  everyMs?: number;
  /** Read anew, and from nothing, whenever this changes. */
  source?: () => unknown;
}

/**
 * Keep what `read` gives. A ring while a reading is under way makes it read once more after it,
 * so that the last news is always in what stands there.
 */
export function useReading<T>(
  read: (signal: AbortSignal) => Promise<T>,
  { isStale = () => true, everyMs = 500, source }: ReadingOptions = {},
): Reading<T> {
  const data = shallowRef<T | null>(null);
  const problem = shallowRef<Problem | null>(null);
  const isLoading = ref(true);
  const readAt = ref<number | null>(null);
  let running: AbortController | null = null;
  let isWanted = false;
  let pause: ReturnType<typeof setTimeout> | undefined;
  let notBefore = 0;

  async function again(): Promise<void> {
    clearTimeout(pause);
    pause = undefined;
    running?.abort();
    const mine = new AbortController();
    running = mine;
    isWanted = false;
    notBefore = performance.now() + everyMs;
    try {
      const found = await read(mine.signal);
      if (running === mine) {
        data.value = found;
        problem.value = null;
        readAt.value = Date.now();
      }
    } catch (error) {
      if (running === mine && (error as Error).name !== "AbortError") {
        problem.value =
          error instanceof Problem ? error : new Problem(0, "fault", String(error));
      }
    } finally {
      if (running === mine) {
        running = null;
        isLoading.value = false;
        if (isWanted) {
          soon();
        }
      }
    }
  }

  function soon(): void {
    if (running !== null) {
      isWanted = true;
    } else {
      pause ??= setTimeout(() => void again(), Math.max(0, notBefore - performance.now()));
    }
  }

  if (isStale !== false) {
    useRing((ring) => {
      if (ring.event === null || isStale(ring)) {
        soon();
      }
    });
  }
  if (source !== undefined) {
    watch(source, () => {
      isLoading.value = true;
      void again();
    });
  }
  onScopeDispose(() => {
    clearTimeout(pause);
    running?.abort();
  });
  void again();
  return { data, problem, isLoading, readAt, again };
}
