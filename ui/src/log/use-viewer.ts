// What the log viewer does: opens where it should, goes to lines, follows, and keeps its choices.

import { computed, onMounted, type Ref, ref, shallowRef, watch } from "vue";
import { useRing } from "@/live/link.ts";
import { between, type LineAddress } from "@/log/address.ts";
import { errorAfter, errorBefore } from "@/log/errors.ts";
import { areDaysApart, leastDelayOf, skewOf, TIME_MODES, type TimeMode } from "@/log/instants.ts";
import { readLines, readWhole, type Scope } from "@/log/scope.ts";
import { START } from "@/log/scrolling.ts";
import { useLines } from "@/log/use-lines.ts";
import { useSearch } from "@/log/use-search.ts";
import { WholeLines } from "@/log/whole-lines.ts";
import { kept } from "@/surroundings/kept.ts";

export interface ViewerProps {
  id: string;
  project: string;
  run: number | null;
  step: string | null;
  startedAt: string | null;
  totalLines: number;
  isOver: boolean;
  address: LineAddress | null;
  openAtError: boolean;
  upTo: number | null;
}

/** What the viewer asks of the part that draws the rows. */
export interface Rows {
  show: (row: number, share?: number) => void;
  toStart: () => void;
  toEnd: () => void;
  reset: (place?: typeof START) => void;
  topRow: () => number;
  focus: () => void;
  element: () => HTMLElement | null;
}

/** Rows away from the view at which the keyboard's line no longer counts as where one is. */
const FAR_ROWS = 200;

export function useViewer(
  props: ViewerProps,
  rows: Ref<Rows | null>,
  choose: (address: LineAddress | null) => void,
) {
  const levels = ref<readonly string[]>([]);
  const isEverything = ref(false);
  const isFollowing = ref(false);
  const timeMode = kept<TimeMode>("log-times", TIME_MODES, "off");
  const wrapping = kept("log-wrap", ["off", "on"], "off");
  const cursor = ref<{ row: number; line: number } | null>(null);
  const note = ref("");
  const start = ref(0);
  const hasDays = ref(false);
  const skew = ref<number | null>(null);
  const totalSeen = ref(0);
  // Where to be after the part of the log that is looked at has changed.
  let keptLine: number | null = null;
  let leastDelay = Infinity;
  let noteTimer: ReturnType<typeof setTimeout> | undefined;

  const scope = computed<Scope>(() => ({
    id: props.id,
    project: props.project,
    run: isEverything.value ? null : props.run,
    step: isEverything.value ? null : props.step,
    levels: levels.value,
  }));
  const lines = useLines(
    () => scope.value,
    () => props.totalLines,
    () => isFollowing.value,
    () => props.upTo,
  );
  const search = useSearch(() => scope.value, topLine, (line) => void goTo(line));
  const wholes = shallowRef(new WholeLines((line) => readWhole(scope.value, line)));

  function topLine(): number {
    const row = rows.value?.topRow() ?? 0;
    return lines.lineAt(row)?.line ?? row + 1;
  }

  async function ready(): Promise<void> {
    if (lines.isLoading.value) {
      await new Promise<void>((resolve) => {
        const stop = watch(lines.isLoading, () => {
          stop();
          resolve();
        });
      });
    }
  }

  async function goTo(line: number, share?: number): Promise<void> {
    isFollowing.value = false;
    // Rows above one that are not drawn yet may turn out higher than thought, and push it down.
    const above = wrapping.value === "on" ? 0.05 : undefined;
    rows.value?.show(await lines.rowOf(line), share ?? above);
  }

  async function open(): Promise<void> {
    await ready();
    totalSeen.value = lines.total.value;
    if (props.address !== null) {
      await goTo(props.address.from);
    } else if (!props.isOver) {
      isFollowing.value = true;
    } else if (props.openAtError && lines.total.value > 0) {
      const line = await errorAfter(scope.value, 0);
      await (line === null ? undefined : goTo(line));
    }
  }

  async function reopen(): Promise<void> {
    const line = keptLine;
    keptLine = null;
    cursor.value = null;
    leastDelay = Infinity;
    wholes.value = new WholeLines((one) => readWhole(scope.value, one));
    rows.value?.reset(START);
    if (line === null) {
      isFollowing.value = false;
      await open();
    } else {
      await ready();
      await (isFollowing.value ? rows.value?.toEnd() : goTo(line, 0));
    }
  }

  /** Change what is looked at, and stay at the line that is in view. */
  function staying(change: () => void): void {
    keptLine = search.current.value ?? topLine();
    change();
  }

  async function toError(direction: 1 | -1): Promise<void> {
    const at = cursor.value;
    const isNear = at !== null && Math.abs(at.row - (rows.value?.topRow() ?? 0)) < FAR_ROWS;
    const from = isNear ? at.line : topLine() - (direction === 1 ? 1 : 0);
    const line = await (direction === 1 ? errorAfter : errorBefore)(scope.value, from);
    if (line === null) {
      say(direction === 1 ? "noNextError" : "noPreviousError");
    } else {
      cursor.value = { line, row: await lines.rowOf(line) };
      await goTo(line);
    }
  }

  function moveCursor(by: 1 | -1): void {
    const from = cursor.value === null ? (rows.value?.topRow() ?? 0) - by : cursor.value.row;
    const row = Math.min(Math.max(0, from + by), lines.total.value - 1);
    const line = lines.lineAt(row);
    if (line !== null) {
      cursor.value = { row, line: line.line };
      rows.value?.show(row, by === 1 ? 0.85 : 0.1);
    }
  }

  function pick(line: number, isRange: boolean): void {
    const anchor = props.address?.from ?? line;
    choose(isRange ? between(anchor, line) : { from: line, to: line });
  }

  function say(what: string): void {
    note.value = what;
    clearTimeout(noteTimer);
    noteTimer = setTimeout(() => (note.value = ""), 3_000);
  }

  async function findStart(): Promise<void> {
    if (props.startedAt !== null) {
      start.value = Date.parse(props.startedAt);
    } else if (timeMode.value === "relative" && start.value === 0) {
      const first = await readLines({ ...scope.value, levels: [] }, { from: 1 }, 1);
      start.value = first.lines[0]?.at ?? 0;
    }
  }

  watch(() => JSON.stringify(scope.value), () => void reopen());
  watch(() => props.address, (to) => to && void goTo(to.from));
  watch([() => props.startedAt, timeMode], () => void findStart(), { immediate: true });
  watch(isFollowing, () => (totalSeen.value = lines.total.value));
  watch(lines.total, () => search.goOn());
  watch(lines.version, () => {
    const seen = lines.seen();
    leastDelay = Math.min(leastDelay, leastDelayOf(seen));
    skew.value = skewOf(leastDelay);
    const last = seen.at(-1);
    hasDays.value ||= last !== undefined && areDaysApart(start.value || last.at, last.at);
  });
  useRing(({ event }) => {
    if (event === null || (event.deployment_id === props.id && event.project === props.project)) {
      void lines.ring();
    }
  });
  onMounted(() => void open());

  return {
    scope,
    lines,
    search,
    wholes,
    levels,
    isEverything,
    isFollowing,
    timeMode,
    isWrapped: computed({
      get: () => wrapping.value === "on",
      set: (isOn) => (wrapping.value = isOn ? "on" : "off"),
    }),
    cursor,
    note,
    start,
    hasDays,
    skew,
    newLines: computed(() =>
      isFollowing.value || props.isOver ? 0 : Math.max(0, lines.total.value - totalSeen.value),
    ),
    goTo,
    staying,
    toError,
    moveCursor,
    pick,
  };
}
