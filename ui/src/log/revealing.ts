// Scrolls sideways to what was found, if it is drawn and out of view.

/** Room left on the side from which it comes into view, in pixels. */
const ROOM = 80;

/** Whether there is such an element; it is in view then. */
export function reveal(scroller: HTMLElement, selector: string): boolean {
  const element = scroller.querySelector(selector);
  if (element === null) {
    return false;
  }
  const gutter = element.closest(".row")?.querySelector(".gutter")?.getBoundingClientRect();
  const box = element.getBoundingClientRect();
  const begin = scroller.getBoundingClientRect().left;
  const [left, right] = [begin + (gutter?.width ?? 0), begin + scroller.clientWidth];
  if (box.left < left) {
    scroller.scrollLeft -= left - box.left + ROOM;
  } else if (box.right > right) {
    scroller.scrollLeft += Math.min(box.right - right + ROOM, box.left - left);
  }
  return true;
}
