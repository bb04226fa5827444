// Which rows of a long list are in view, so that only these are drawn; the page itself scrolls.

import { computed, onMounted, onScopeDispose, type Ref, ref, watch } from "vue";

// So many rows more above and below: keys and quick turns of the wheel find them drawn.
const SPARE = 12;

export interface RowSlice {
  first: number;
  /** Exclusive. */
  last: number;
}

/** The rows to draw of `count` with one `height`, `above` px of them being above the view. Pure. */
export function sliceOf(above: number, view: number, height: number, count: number): RowSlice {
  const first = Math.floor(above / height) - SPARE;
  const last = Math.ceil((above + view) / height) + SPARE;
  const within = (row: number) => Math.min(Math.max(row, 0), count);
  return { first: within(first), last: within(last) };
}

export function useRowWindow(
  list: Readonly<Ref<HTMLElement | null>>,
  count: () => number,
  height: () => number,
) {
  const above = ref(0);
  const view = ref(window.innerHeight);
  let frame = 0;

  function measure(): void {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => {
      above.value = -(list.value?.getBoundingClientRect().top ?? 0);
      view.value = window.innerHeight;
    });
  }

  const slice = computed(() => sliceOf(above.value, view.value, height(), count()));
  onMounted(measure);
  watch([list, count, height], measure);
  addEventListener("scroll", measure, { passive: true });
  addEventListener("resize", measure, { passive: true });
  onScopeDispose(() => {
    cancelAnimationFrame(frame);
    removeEventListener("scroll", measure);
    removeEventListener("resize", measure);
  });

  return {
    slice,
    /** Pixels that stand for the rows not drawn. */
    before: computed(() => slice.value.first * height()),
    behind: computed(() => (count() - slice.value.last) * height()),
    isAtTop: () => (list.value?.getBoundingClientRect().top ?? 0) >= 0,
  };
}
