// The search through the log: what is looked for, how far it is, and which match is the present.

import { computed, onScopeDispose, type Ref, ref, shallowRef, watch } from "vue";
import { Problem } from "@/api/call.ts";
import { finderOf } from "@/log/marking.ts";
import { type Pattern, readFound, type Scope } from "@/log/scope.ts";
import { Seeking } from "@/log/seeking.ts";

/** Typing goes on for so long; the log grows all the time. */
const TYPING_MS = 220;
const GROWTH_MS = 500;

export interface Search {
  text: Ref<string>;
  isCase: Ref<boolean>;
  isRegex: Ref<boolean>;
  isRunning: Readonly<Ref<boolean>>;
  /** What the server says against the pattern, or why it cannot be looked for. */
  fault: Readonly<Ref<string>>;
  count: Readonly<Ref<number>>;
  /** The how-manieth match the present one is; 0: none is. */
  place: Readonly<Ref<number>>;
  progress: Readonly<Ref<{ scanned: number; of: number }>>;
  /** The line of the present match. */
  current: Ref<number | null>;
  finder: Readonly<Ref<RegExp | null>>;
  isMatch: (line: number) => boolean;
  go: (direction: 1 | -1) => void;
  /** Take up lines that are new. */
  goOn: () => void;
  clear: () => void;
}

/**
 * @param scope what is looked through
 * @param beginAt the first line in view
 * @param show bring a line into view
 */
export function useSearch(
  scope: () => Scope,
  beginAt: () => number,
  show: (line: number) => void,
): Search {
  const text = ref("");
  const isCase = ref(false);
  const isRegex = ref(false);
  const isRunning = ref(false);
  const fault = ref("");
  const current = ref<number | null>(null);
  // Counts what has been learnt; the object itself is too large to be watched.
  const learnt = ref(0);
  const seeking = shallowRef<Seeking | null>(null);
  let wanted: 1 | -1 | null = null;
  let stop = new AbortController();
  let typing: ReturnType<typeof setTimeout> | undefined;
  let growth: ReturnType<typeof setTimeout> | undefined;

  const pattern = computed<Pattern>(() => ({
    text: text.value,
    isCase: isCase.value,
    isRegex: isRegex.value,
  }));

  function begin(): void {
    clearTimeout(typing);
    typing = undefined;
    stop.abort();
    clearTimeout(growth);
    growth = undefined;
    isRunning.value = false;
    fault.value = "";
    seeking.value = text.value === "" ? null : new Seeking(current.value ?? beginAt());
    current.value = null;
    learnt.value += 1;
    if (seeking.value !== null) {
      wanted = 1;
      void run(seeking.value);
    }
  }

  async function run(what: Seeking): Promise<void> {
    const [part, said] = [scope(), pattern.value];
    const mine = new AbortController();
    stop = mine;
    isRunning.value = true;
    try {
      await what.run(
        (after, signal) => readFound(part, said, after, signal),
        mine.signal,
        () => {
          learnt.value += 1;
          settle();
        },
      );
    } catch (error) {
      if (!mine.signal.aborted) {
        fault.value = faultOf(error);
      }
    }
    if (!mine.signal.aborted) {
      isRunning.value = false;
      learnt.value += 1;
      settle();
      wanted = null;
    }
  }

  /** Go where somebody wants to go, as soon as it is known where that is. */
  function settle(): void {
    if (wanted === null || seeking.value === null) {
      return;
    }
    const from = current.value ?? beginAt() - (wanted === 1 ? 1 : 0);
    const line = wanted === 1 ? seeking.value.next(from) : seeking.value.previous(from);
    if (line !== null) {
      wanted = null;
      current.value = line;
      show(line);
    }
  }

  function go(direction: 1 | -1): void {
    if (typing !== undefined || (seeking.value === null && text.value !== "")) {
      begin();
      return;
    }
    wanted = direction;
    settle();
    if (!isRunning.value) {
      wanted = null;
    }
  }

  function goOn(): void {
    if (seeking.value !== null && !isRunning.value && fault.value === "") {
      growth ??= setTimeout(() => {
        growth = undefined;
        if (seeking.value !== null && !isRunning.value) {
          void run(seeking.value);
        }
      }, GROWTH_MS);
    }
  }

  function clear(): void {
    text.value = "";
    begin();
  }

  watch(text, () => {
    clearTimeout(typing);
    typing = setTimeout(begin, TYPING_MS);
  });
  watch([isCase, isRegex, () => JSON.stringify(scope())], begin);
  onScopeDispose(() => {
    stop.abort();
    clearTimeout(typing);
    clearTimeout(growth);
  });

  const known = <T>(give: (what: Seeking) => T, otherwise: T): Ref<T> =>
    computed(() => {
      void learnt.value;
      return seeking.value === null ? otherwise : give(seeking.value);
    });
  return {
    text,
    isCase,
    isRegex,
    isRunning,
    fault,
    current,
    count: known((what) => what.count, 0),
    place: known((what) => (current.value === null ? 0 : what.placeOf(current.value)), 0),
    progress: known((what) => what.progress, { scanned: 0, of: 0 }),
    finder: computed(() => finderOf(pattern.value)),
    isMatch: (line) => seeking.value?.has(line) ?? false,
    go,
    goOn,
    clear,
  };
}

function faultOf(error: unknown): string {
  if (error instanceof Problem) {
    return error.fields.find((one) => one.field === "q")?.message ?? error.message;
  }
  return String(error);
}
