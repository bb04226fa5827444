// The window over the rows: what a hand, the bar, new rows and high rows do to it.

import { mount } from "@vue/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { defineComponent, h, nextTick, ref } from "vue";
import { type LogWindow, ROW_HEIGHT, useWindow } from "@/log/use-window.ts";

const VIEW = 600;
let stop: () => void = () => undefined;

async function over(count: number) {
  const rows = ref(count);
  const element = ref<HTMLElement | null>(null);
  let log: LogWindow | undefined;
  const wrapper = mount(
    defineComponent({
      setup() {
        log = useWindow(element, () => rows.value);
        return () => h("div", { ref: element });
      },
    }),
    { attachTo: document.body },
  );
  stop = () => wrapper.unmount();
  await nextTick();
  const window = log as LogWindow;
  const scroller = element.value as HTMLElement;
  return {
    rows,
    window,
    scroller,
    scroll: (top: number) => {
      scroller.scrollTop = top;
      window.onScroll();
    },
    wheel: (by: number) => {
      window.onFine();
      scroller.scrollTop += by;
      window.onScroll();
    },
  };
}
const top = (window: LogWindow): number => window.place.value.row * 20 + window.place.value.offset;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(VIEW);
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(800);
});
afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a window", () => {
  it("draws the rows in view and some around them, where they belong", async () => {
    const { window, scroll } = await over(10_000);
    scroll(50_000);

    expect(top(window)).toBe(50_000);
    expect(window.first.value * ROW_HEIGHT).toBe(window.blockTop.value);
    expect([window.first.value, window.last.value]).toEqual([2_476, 2_554]);
  });

  it("moves by hand pixel by pixel in a log that does not fit", async () => {
    const { window, wheel, scroll } = await over(1_000_000);
    scroll(4_000_000);
    const begin = top(window);
    for (let turn = 0; turn < 50; turn += 1) {
      wheel(120);
      vi.advanceTimersByTime(16);
    }
    expect(top(window)).toBeCloseTo(begin + 6_000, 3);

    vi.advanceTimersByTime(1_000);
    await nextTick();

    expect(top(window)).toBeCloseTo(begin + 6_000, 3);
  });

  it("comes to the very end and begin by the bar", async () => {
    const { window, scroll } = await over(1_000_000);
    scroll(window.space.value - VIEW);
    expect(window.last.value).toBe(1_000_000);

    vi.advanceTimersByTime(1_000);
    scroll(0);

    expect(window.place.value).toEqual({ row: 0, offset: 0 });
  });

  it("goes on where the bar ends before the rows do", async () => {
    const { window, scroll, wheel, scroller } = await over(1_000_000);
    scroll(3_000);
    const begin = window.place.value.row;
    for (let turn = 0; turn < 10; turn += 1) {
      wheel(-Math.min(300, scroller.scrollTop));
      await nextTick();
    }

    expect(window.place.value.row).toBe(begin - 150);
    expect(scroller.scrollTop).toBeGreaterThan(0);
  });
});

describe("following", () => {
  it("keeps the last row in view as rows come", async () => {
    const { window, rows, scroller } = await over(1_000);
    window.isFollowing.value = true;
    await nextTick();
    rows.value = 5_000;
    await nextTick();
    await nextTick();

    expect(window.last.value).toBe(5_000);
    expect(scroller.scrollTop).toBe(5_000 * ROW_HEIGHT - VIEW);
  });

  it("ends when a hand scrolls up, and begins again at the end", async () => {
    const { window, wheel } = await over(1_000);
    window.isFollowing.value = true;
    await nextTick();
    await nextTick();
    wheel(-40);
    expect(window.isFollowing.value).toBe(false);

    wheel(40);

    expect(window.isFollowing.value).toBe(true);
  });

  it("ends where a row is shown", async () => {
    const { window } = await over(1_000);
    window.isFollowing.value = true;
    await nextTick();
    window.show(3);

    expect(window.isFollowing.value).toBe(false);
    expect(window.first.value).toBe(0);
  });
});

describe("rows of their own height", () => {
  it("move what follows them, and nothing that is in view above", async () => {
    const { window, scroll } = await over(1_000);
    scroll(2_000);
    const high = document.createElement("li");
    high.dataset["row"] = "90";
    vi.spyOn(high, "offsetHeight", "get").mockReturnValue(200);
    const before = window.place.value;
    window.measure([high]);

    expect(window.place.value).toEqual(before);
    expect(window.blockTop.value).toBe(window.first.value * ROW_HEIGHT - 180);

    window.reset();

    expect(window.blockTop.value).toBe(window.first.value * ROW_HEIGHT);
  });
});

describe("a row that is held", () => {
  it("goes on being drawn while it is near", async () => {
    const { window, scroll } = await over(10_000);
    window.hold(5);
    scroll(2_000);
    expect(window.first.value).toBe(5);

    scroll(100_000);

    expect(window.first.value).toBe(4_976);
  });
});

describe("keys", () => {
  it("go to the ends", async () => {
    const { window } = await over(1_000);
    window.toEnd();
    expect(window.last.value).toBe(1_000);

    window.toStart();

    expect(window.place.value).toEqual({ row: 0, offset: 0 });
  });
});
