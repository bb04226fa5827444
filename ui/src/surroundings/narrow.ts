// How wide the page is and how it is pressed, for what style sheets alone cannot change.

import { readonly, ref, type Ref } from "vue";

/** As on a phone: at the same width the frame puts the places at the bottom. */
export const isNarrow = matching("(width < 860px)");

/** Room for two things side by side. */
export const isWide = matching("(width >= 1100px)");

/** Pressed by fingers, which need room. */
export const isTouch = matching("(pointer: coarse)");

function matching(what: string): Readonly<Ref<boolean>> {
  const query = matchMedia(what);
  const matches = ref(query.matches);
  query.addEventListener("change", (event) => {
    matches.value = event.matches;
  });
  return readonly(matches);
}
