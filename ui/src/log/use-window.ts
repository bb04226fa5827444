// The part of many rows that is drawn, and how scrolling moves it; see `scrolling.ts` for the sums.

import {
  computed,
  nextTick,
  onBeforeUnmount,
  onMounted,
  type Ref,
  ref,
  shallowRef,
  watch,
} from "vue";
import {
  endOf,
  type Geometry,
  isBefore,
  isExact,
  isLeap,
  MOST_ROWS,
  moved,
  type Place,
  placeAt,
  showing,
  spaceOf,
  START,
  topOf,
  windowOf,
  within,
} from "@/log/scrolling.ts";

export const ROW_HEIGHT = 20;
/** Rows drawn beyond the view on each side. */
const AROUND = 24;
const IDLE_MS = 200;
const FINE_MS = 400;
const NEAR_END_PX = 4;

export interface LogWindow {
  first: Readonly<Ref<number>>;
  last: Readonly<Ref<number>>;
  /** Where the drawn rows begin, and how high the whole space is, in pixels. */
  blockTop: Readonly<Ref<number>>;
  space: Readonly<Ref<number>>;
  width: Readonly<Ref<number>>;
  isFollowing: Ref<boolean>;
  place: Readonly<Ref<Place>>;
  show: (row: number, share?: number) => void;
  toStart: () => void;
  toEnd: () => void;
  onScroll: () => void;
  onFine: () => void;
  /** A row to go on drawing while it is not far: what is selected ends with its node. */
  hold: (row: number | null) => void;
  /** The rows' own heights, as drawn; for those that are not as high as usual. */
  measure: (rows: Iterable<HTMLElement>) => void;
  /** Forget heights: other rows, or other widths. */
  reset: (place?: Place) => void;
}

export function useWindow(scroller: Ref<HTMLElement | null>, rows: () => number): LogWindow {
  const view = ref(0);
  const width = ref(0);
  const place = shallowRef<Place>(START);
  const isFollowing = ref(false);
  // Where the scroll bar stands, as far as this knows; another place means a hand has moved it.
  const top = ref(0);
  const held = ref<number | null>(null);
  const odd = new Map<number, number>();
  const oddVersion = ref(0);
  let fineAt = -FINE_MS;
  let idle: ReturnType<typeof setTimeout> | undefined;
  let observer: ResizeObserver | undefined;

  const geometry = computed<Geometry>(() => {
    void oddVersion.value;
    return {
      rows: rows(),
      rowHeight: ROW_HEIGHT,
      heightOf: (row) => odd.get(row) ?? ROW_HEIGHT,
      view: view.value,
    };
  });
  const drawn = computed(() => withHeld(windowOf(place.value, geometry.value, AROUND), held.value));
  const blockTop = computed(() => {
    let above = place.value.offset;
    for (let row = drawn.value[0]; row < place.value.row; row += 1) {
      above += geometry.value.heightOf(row);
    }
    return top.value - above;
  });

  function put(to: Place): void {
    place.value = within(to, geometry.value);
    top.value = topOf(place.value, geometry.value);
    // The space may have to grow first.
    void nextTick(writeTop);
  }

  function writeTop(): void {
    const element = scroller.value;
    if (element !== null && Math.abs(element.scrollTop - top.value) >= 0.5) {
      element.scrollTop = top.value;
      top.value = element.scrollTop;
    }
  }

  function onScroll(): void {
    const now = scroller.value?.scrollTop ?? 0;
    const by = now - top.value;
    if (Math.abs(by) < 0.5) {
      return;
    }
    const all = geometry.value;
    const most = spaceOf(all) - all.view;
    const isFine = performance.now() - fineAt < FINE_MS;
    const isAtEdge = now <= 0 || now >= most - 1;
    const isByBar = isLeap(top.value, now, all) || (isAtEdge && !isFine);
    top.value = now;
    place.value =
      isExact(all, odd.size > 0) || isByBar ? placeAt(now, all) : moved(place.value, by, all);
    const isAtEnd = isNearEnd();
    isFollowing.value = isAtEnd && (by > 0 || isFollowing.value);
    clearTimeout(idle);
    if (isAtEdge) {
      settle();
    } else {
      idle = setTimeout(settle, IDLE_MS);
    }
  }

  /** Let the scroll bar stand where the rows are. */
  function settle(): void {
    if (Math.abs(topOf(place.value, geometry.value) - top.value) >= 1) {
      put(place.value);
    }
  }

  function isNearEnd(): boolean {
    return !isBefore(moved(place.value, NEAR_END_PX, geometry.value), endOf(geometry.value));
  }

  function measure(elements: Iterable<HTMLElement>): void {
    let isNew = false;
    for (const element of elements) {
      const row = Number(element.dataset["row"]);
      const height = element.offsetHeight;
      if (height > 0 && height !== (odd.get(row) ?? ROW_HEIGHT)) {
        isNew = true;
        if (height === ROW_HEIGHT) {
          odd.delete(row);
        } else {
          odd.set(row, height);
        }
      }
    }
    if (isNew) {
      oddVersion.value += 1;
      if (isFollowing.value) {
        put(endOf(geometry.value));
      }
    }
  }

  function reset(to: Place = place.value): void {
    odd.clear();
    oddVersion.value += 1;
    put(isFollowing.value ? endOf(geometry.value) : to);
  }

  function show(row: number, share?: number): void {
    const to = showing(row, place.value, geometry.value, share);
    put(to);
    isFollowing.value = false;
  }

  function resized(): void {
    const element = scroller.value;
    if (element !== null) {
      const isOtherWidth = element.clientWidth !== width.value;
      view.value = element.clientHeight;
      width.value = element.clientWidth;
      if (isOtherWidth && odd.size > 0) {
        reset();
      } else if (isFollowing.value) {
        put(endOf(geometry.value));
      }
    }
  }

  watch(rows, () => {
    if (isFollowing.value) {
      put(endOf(geometry.value));
    } else if (place.value.row >= rows()) {
      put(endOf(geometry.value));
    }
  });
  watch(isFollowing, (isOn) => {
    if (isOn && !isNearEnd()) {
      put(endOf(geometry.value));
    }
  });
  onMounted(() => {
    observer = new ResizeObserver(resized);
    observer.observe(scroller.value as HTMLElement);
    resized();
  });
  onBeforeUnmount(() => {
    observer?.disconnect();
    clearTimeout(idle);
  });

  return {
    first: computed(() => drawn.value[0]),
    last: computed(() => drawn.value[1]),
    blockTop,
    space: computed(() => spaceOf(geometry.value)),
    width,
    isFollowing,
    place,
    show,
    toStart: () => {
      isFollowing.value = false;
      put(START);
    },
    toEnd: () => put(endOf(geometry.value)),
    onScroll,
    onFine: () => {
      fineAt = performance.now();
    },
    hold: (row) => {
      held.value = row;
    },
    measure,
    reset,
  };
}

function withHeld([first, last]: [number, number], held: number | null): [number, number] {
  if (held === null || held < last - MOST_ROWS || held > first + MOST_ROWS - 1) {
    return [first, last];
  }
  return [Math.min(first, held), Math.max(last, held + 1)];
}
