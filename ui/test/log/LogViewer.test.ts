// The viewer as a whole, over a log that answers as the API does.

import { mount, type VueWrapper } from "@vue/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LineAddress } from "@/log/address.ts";
import { press } from "@/keys/keys.ts";
import LogViewer from "@/log/LogViewer.vue";
import { i18n, startTexts } from "@/texts/index.ts";
import { LogServer } from "./log-server.ts";

interface Given {
  total: number;
  isOver?: boolean;
  step?: string | null;
  address?: LineAddress | null;
}

let wrapper: VueWrapper<unknown>;

async function shown({ total, isOver = true, step = null, address = null }: Given) {
  wrapper = mount(LogViewer, {
    attachTo: document.body,
    global: { plugins: [i18n] },
    props: {
      id: "7",
      project: "shop",
      run: null,
      step,
      startedAt: "2023-11-14T22:13:20.000Z",
      totalLines: total,
      isOver,
      address,
    },
  }) as VueWrapper<unknown>;
  await settled();
  return wrapper;
}

async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(400);
}

const numbers = (): string[] => wrapper.findAll(".number").map((one) => one.text());
const texts = (): string[] => wrapper.findAll(".text").map((one) => one.text());

async function typed(key: string): Promise<void> {
  press(new KeyboardEvent("keydown", { key }), performance.now());
  await settled();
}

async function pressed(selector: string, name: string): Promise<void> {
  const button = wrapper.findAll(selector).find((one) => one.text().startsWith(name));
  await button?.trigger("click");
  await settled();
}

beforeEach(async () => {
  localStorage.clear();
  await startTexts();
  vi.useFakeTimers();
});
afterEach(() => {
  wrapper.unmount();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a log", () => {
  it("of a million lines draws some of them", async () => {
    new LogServer(1_000);
    await shown({ total: 1_000_000 });

    expect(wrapper.findAll(".row").length).toBeLessThanOrEqual(300);
    expect(numbers().slice(0, 3)).toEqual(["1", "2", "3"]);
    expect(wrapper.text()).toContain("1,000,000 lines");
  });

  it("opens at the line of its address, and marks the range", async () => {
    new LogServer(5_000);
    await shown({ total: 5_000, address: { from: 3_000, to: 3_002 } });

    expect(numbers()).toContain("3000");
    expect(wrapper.findAll(".row.chosen").length).toBe(3);
    expect(wrapper.text()).toContain("Lines 3000–3002");
  });

  it("that goes on is followed, and takes in what is new", async () => {
    const server = new LogServer(50);
    await shown({ total: 50, isOver: false });
    server.add(3);
    await wrapper.setProps({ totalLines: 53 });
    await settled();

    expect(numbers()).toContain("53");
    expect(wrapper.text()).toContain("Waiting for more lines");
  });

  it("of one step shows the lines of this step", async () => {
    new LogServer(100, (line) => ({ step: line > 90 ? "Test" : "Build" }));
    await shown({ total: 100, step: "Test" });

    expect(numbers()).toEqual(["91", "92", "93", "94", "95", "96", "97", "98", "99", "100"]);
    expect(wrapper.find("a.number").attributes("href")).toBe("#step=Test:L91");
  });

  it("never becomes part of the page's own elements", async () => {
    new LogServer(1, () => ({ text: "<img src=x onerror=alert(1)><b>&amp;" }));
    await shown({ total: 1 });

    expect(texts()).toEqual(["<img src=x onerror=alert(1)><b>&amp;"]);
    expect(wrapper.find(".log img").exists()).toBe(false);
  });

  it("with lines that cannot be read says which, and reads them when asked", async () => {
    const server = new LogServer(20);
    server.broken = () => true;
    await shown({ total: 20 });
    expect(wrapper.find(".gap").text()).toContain("Lines 1–20 could not be loaded");

    server.broken = null;
    await wrapper.find(".gap button").trigger("click");
    await settled();

    expect(numbers().length).toBe(20);
  });

  it("shows of a long line its begin, and all of it when asked", async () => {
    new LogServer(1, () => ({ text: "x".repeat(9_000) }));
    await shown({ total: 1 });
    expect(texts()[0]?.length).toBe(2_000);

    await wrapper.find("button.more").trigger("click");
    await settled();

    expect(texts()[0]?.length).toBe(9_000);
    expect(wrapper.find("button.more").exists()).toBe(false);
  });
});

describe("a line", () => {
  it("is chosen by its number, and a range with Shift", async () => {
    new LogServer(20);
    await shown({ total: 20, address: { from: 4, to: 4 } });
    await wrapper.findAll("a.number")[8]?.trigger("click");
    await wrapper.findAll("a.number")[1]?.trigger("click", { shiftKey: true });

    expect(wrapper.emitted("update:address")).toEqual([
      [{ from: 9, to: 9 }],
      [{ from: 2, to: 4 }],
    ]);
  });

  it("is gone to and chosen by keys", async () => {
    new LogServer(20);
    await shown({ total: 20 });
    (wrapper.find(".scroller").element as HTMLElement).focus();
    await typed("j");
    await typed("j");
    await typed("k");
    await typed("j");
    await typed("Enter");

    expect(wrapper.emitted("update:address")).toEqual([[{ from: 2, to: 2 }]]);
  });

  it("that is an error is gone to by e", async () => {
    new LogServer(20, (line) => (line === 12 ? { level: "error" } : {}));
    await shown({ total: 20 });
    await typed("e");
    expect(wrapper.find(".row.cursor .number").text()).toBe("12");
    expect(wrapper.find(".row.cursor .level").text()).toContain("E");

    await typed("e");

    expect(wrapper.text()).toContain("No error further down");
  });
});

describe("the search", () => {
  it("counts all matches, marks them, and goes round", async () => {
    new LogServer(2_500, (line) => (line % 1_000 === 7 ? { text: "a needle here" } : {}));
    await shown({ total: 2_500 });
    await typed("/");
    const field = wrapper.find<HTMLInputElement>(".search input");
    await field.setValue("needle");
    await field.trigger("keydown", { key: "Enter" });
    await settled();
    expect(wrapper.find(".told").text()).toBe("1 of 3");
    expect(wrapper.find(".row.now .number").text()).toBe("7");
    expect(wrapper.find(".row.now mark").text()).toBe("needle");

    await field.trigger("keydown", { key: "Enter", shiftKey: true });
    await settled();
    expect(wrapper.find(".told").text()).toBe("3 of 3");
    expect(wrapper.find(".row.now .number").text()).toBe("2007");

    await field.trigger("keydown", { key: "Escape" });

    expect(wrapper.find(".search").exists()).toBe(false);
    expect(wrapper.find("mark").exists()).toBe(false);
  });

  it("shows what the server has against a pattern", async () => {
    new LogServer(5);
    await shown({ total: 5 });
    await typed("/");
    await wrapper.find("[aria-label='Regular expression']").trigger("click");
    const field = wrapper.find<HTMLInputElement>(".search input");
    await field.setValue("(");
    await field.trigger("keydown", { key: "Enter" });
    await settled();

    expect(wrapper.find(".fault").text()).toBe("missing )");
    expect(field.attributes("aria-invalid")).toBe("true");
  });

  it("of a step can be widened to everything", async () => {
    new LogServer(30, (line) => ({ step: line > 20 ? "Test" : "Build", text: `word ${line}` }));
    await shown({ total: 30, step: "Test" });
    await typed("/");
    const field = wrapper.find<HTMLInputElement>(".search input");
    await field.setValue("word");
    await field.trigger("keydown", { key: "Enter" });
    await settled();
    expect(wrapper.find(".told").text()).toBe("1 of 10");

    await pressed(".search button", "Everywhere");

    expect(wrapper.find(".told").text()).toContain("of 30");
  });
});

describe("choices", () => {
  it("of levels filter the log", async () => {
    new LogServer(30, (line) => (line % 10 === 0 ? { level: "warning" } : {}));
    await shown({ total: 30 });
    await wrapper.find("[aria-label='Levels']").trigger("click");
    await pressed(".levels button", "Warning");

    expect(numbers()).toEqual(["10", "20", "30"]);
  });

  it("of times and wrapping are kept", async () => {
    new LogServer(3);
    await shown({ total: 3 });
    await typed("t");
    await typed("w");

    expect(wrapper.find("time").text()).toBe("+0:00.001");
    expect(wrapper.find(".rows").classes()).toContain("wrapped");
    expect(localStorage.getItem("tocsin.log-times")).toBe("relative");
    expect(localStorage.getItem("tocsin.log-wrap")).toBe("on");
  });
});
