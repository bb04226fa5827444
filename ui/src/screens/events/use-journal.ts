// The journal as the list shows it: newest first, older ones as one scrolls, news as they come.

import { computed, onScopeDispose, ref, shallowRef, watch } from "vue";
import { Problem, type Query, read } from "@/api/call.ts";
import type { Page, StoredEvent } from "@/api/shapes.ts";
import { useRing } from "@/live/link.ts";
import { type EventRow, extended, joined, rowOf } from "@/screens/events/rows.ts";

const PAGE = 100;
const NEWS_PAGE = 500;
// Events of no deployment ring no bell.
const POLL_MS = 3_000;
const RING_MS = 500;
const FRESH_MS = 2_000;
/** So many rows stay in memory; who wants to go back further asks for an earlier time. */
export const MOST_ROWS = 10_000;

const PATH = "/api/v1/events";

/** `isAtTop` tells whether news may come in above without moving what is read. */
export function useJournal(query: () => Query, isAtTop: () => boolean) {
  const rows = shallowRef<readonly EventRow[]>([]);
  const waiting = shallowRef<readonly EventRow[]>([]);
  const problem = shallowRef<Problem | null>(null);
  const isLoading = ref(true);
  const freshAfter = ref(Infinity);
  const cursor = ref<string | null>(null);
  let calls = new AbortController();
  let isReading = false;
  let isOlderWanted = false;
  let soon: ReturnType<typeof setTimeout> | undefined;
  let fading: ReturnType<typeof setTimeout> | undefined;

  const newest = () => waiting.value[0]?.seq ?? rows.value[0]?.seq;

  async function fetched(more: Query): Promise<Page<StoredEvent>> {
    return await read<Page<StoredEvent>>(PATH, { ...query(), ...more }, calls.signal);
  }

  /** One call at a time; its failure is shown, unless the list has been begun anew meanwhile. */
  async function alone(call: () => Promise<void>): Promise<void> {
    const mine = calls;
    isReading = true;
    try {
      await call();
      problem.value = null;
    } catch (error) {
      if (mine === calls && (error as Error).name !== "AbortError") {
        problem.value = error instanceof Problem ? error : new Problem(0, "fault", String(error));
      }
    } finally {
      if (mine === calls) {
        isReading = false;
        isLoading.value = false;
        if (isOlderWanted) {
          void older();
        }
      }
    }
  }

  /** From the newest on, forgetting what was there. */
  async function again(): Promise<void> {
    calls.abort();
    calls = new AbortController();
    const mine = calls;
    isLoading.value = true;
    await alone(() => first(mine));
  }

  async function first(mine: AbortController): Promise<void> {
    const page = await fetched({ limit: PAGE });
    if (mine === calls) {
      rows.value = page.items.map(rowOf);
      waiting.value = [];
      cursor.value = page.next_cursor;
    }
  }

  async function older(): Promise<void> {
    const { value: from } = cursor;
    // Whoever has come to the end does not come there again: what cannot be now is done after.
    isOlderWanted = isReading;
    if (from === null || isReading || rows.value.length >= MOST_ROWS) {
      return;
    }
    const mine = calls;
    await alone(async () => {
      const page = await fetched({ limit: PAGE, cursor: from });
      if (mine === calls) {
        rows.value = extended(rows.value, page.items.map(rowOf));
        cursor.value = page.next_cursor;
      }
    });
  }

  async function news(): Promise<void> {
    if (isReading || isLoading.value || document.visibilityState === "hidden") {
      return;
    }
    const mine = calls;
    let isTooMuch = false;
    await alone(async () => {
      if (rows.value.length === 0) {
        await first(mine);
        return;
      }
      const page = await fetched({ after_seq: newest(), order: "asc", limit: NEWS_PAGE });
      if (mine !== calls || page.items.length === 0) {
        return;
      }
      isTooMuch = page.next_cursor !== null && isAtTop();
      waiting.value = joined(page.items.map(rowOf), waiting.value);
      if (isAtTop()) {
        release();
      }
    });
    // What one could not read anyway is not worth catching up with page by page.
    if (isTooMuch && mine === calls) {
      await again();
    }
  }

  /** Put the news where they belong, tinted for a moment. */
  function release(): void {
    freshAfter.value = rows.value[0]?.seq ?? 0;
    rows.value = joined(waiting.value, rows.value).slice(0, MOST_ROWS);
    waiting.value = [];
    clearTimeout(fading);
    fading = setTimeout(() => {
      freshAfter.value = Infinity;
    }, FRESH_MS);
  }

  function lookSoon(): void {
    soon ??= setTimeout(() => {
      soon = undefined;
      void news();
    }, RING_MS);
  }

  const poll = setInterval(() => void news(), POLL_MS);
  useRing(lookSoon);
  document.addEventListener("visibilitychange", lookSoon);
  watch(
    () => JSON.stringify(query()),
    () => void again(),
    { immediate: true },
  );
  onScopeDispose(() => {
    calls.abort();
    clearInterval(poll);
    clearTimeout(soon);
    clearTimeout(fading);
    document.removeEventListener("visibilitychange", lookSoon);
  });

  return {
    rows,
    unseen: computed(() => waiting.value.length),
    problem,
    isLoading,
    freshAfter,
    hasOlder: computed(() => cursor.value !== null),
    isFull: computed(() => rows.value.length >= MOST_ROWS),
    again,
    older,
    release,
  };
}
