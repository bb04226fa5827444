// Pages in memory: read when wanted, bounded, and never silently missing.

import { afterEach, describe, expect, it, vi } from "vitest";
import type { LogLine } from "@/log/lines.ts";
import { allLines, ofOutline } from "@/log/ordinals.ts";
import { MOST_CHARS, Pages, type ReadPage } from "@/log/pages.ts";

const line = (number: number, text = `line ${number}`): LogLine => ({
  line: number,
  at: 0,
  receivedAt: null,
  level: "info",
  step: "",
  text,
  chars: text.length,
});
const some = (from: number, count: number, text?: string): LogLine[] =>
  Array.from({ length: count }, (_, at) => line(from + at, text));
const settled = async (): Promise<void> => {
  await vi.advanceTimersByTimeAsync(1_000);
};

function made(total: number, read: ReadPage = async (from, most) => some(from, most)) {
  vi.useFakeTimers();
  const onChange = vi.fn();
  const reads = vi.fn(read);
  return { pages: new Pages(allLines(total), reads, onChange), reads, onChange };
}

afterEach(() => vi.useRealTimers());

describe("wanted pages", () => {
  it("are read, and told when they are there", async () => {
    const { pages, onChange } = made(2_000);
    pages.want(490, 520);
    await settled();

    expect(pages.lineAt(490)?.line).toBe(491);
    expect(pages.lineAt(999)?.line).toBe(1_000);
    expect(pages.lineAt(1_000)).toBeNull();
    expect(onChange).toHaveBeenCalledTimes(2);
  });

  it("are read once", async () => {
    const { pages, reads } = made(2_000);
    pages.want(0, 10);
    pages.want(5, 15);
    await settled();
    pages.want(6, 16);
    await settled();

    expect(reads).toHaveBeenCalledTimes(1);
  });

  it("are no longer read when they are out of view", async () => {
    const stopped: number[] = [];
    const { pages } = made(100_000, (from, _most, signal) => {
      signal.addEventListener("abort", () => stopped.push(from));
      return new Promise(() => undefined);
    });
    pages.want(0, 10);
    pages.want(50_000, 50_010);
    await settled();

    expect(stopped).toEqual([1]);
  });

  it("are not asked for one by one while somebody drags the bar", async () => {
    const { pages, reads } = made(1_000_000, () => new Promise(() => undefined));
    for (let row = 0; row < 500_000; row += 5_000) {
      pages.want(row, row + 40);
    }
    await settled();

    expect(reads.mock.calls.length).toBeLessThan(4);
    expect(reads.mock.lastCall?.[0]).toBe(495_001);
  });
});

describe("memory", () => {
  it("is bounded, and keeps what is in view", async () => {
    const text = "x".repeat(2_000);
    const { pages } = made(1_000_000, async (from, most) => some(from, most, text));
    for (let row = 0; row < 40_000; row += 500) {
      pages.want(row, row + 10);
      await settled();
    }

    expect(pages.cost).toBeLessThanOrEqual(MOST_CHARS);
    expect(pages.lineAt(39_500)?.line).toBe(39_501);
    expect(pages.lineAt(0)).toBeNull();
  });

  it("keeps a page in view however large it is", async () => {
    const { pages } = made(500, async (from, most) => some(from, most, "x".repeat(40_000)));
    pages.want(0, 10);
    await settled();

    expect(pages.lineAt(499)).not.toBeNull();
  });
});

describe("lines that come at the end", () => {
  it("stand behind the last one", async () => {
    const { pages, reads } = made(3);
    pages.want(0, 2);
    await settled();
    pages.grow(allLines(5));
    pages.append(3, some(4, 2));
    pages.want(0, 4);
    await settled();

    expect(pages.lineAt(4)?.line).toBe(5);
    expect(reads).toHaveBeenCalledTimes(1);
  });

  it("begin a page of their own", () => {
    const { pages } = made(1_000);
    pages.grow(allLines(1_002));
    pages.append(1_000, some(1_001, 2));

    expect(pages.lineAt(1_001)?.line).toBe(1_002);
  });

  it("are read with their page where something before them is missing", async () => {
    const { pages, reads } = made(700);
    pages.grow(allLines(702));
    pages.append(700, some(701, 2));
    pages.want(600, 701);
    await settled();

    expect(reads.mock.calls.map(([from, most]) => [from, most])).toEqual([[501, 202]]);
    expect(pages.lineAt(701)?.line).toBe(702);
  });

  it("are read when only their number is known", async () => {
    const { pages, reads } = made(3);
    pages.want(0, 2);
    await settled();
    pages.grow(allLines(10));
    pages.want(0, 9);
    await settled();

    expect(reads.mock.calls.map(([from, most]) => [from, most])).toEqual([
      [1, 3],
      [4, 7],
    ]);
  });
});

describe("gaps", () => {
  it("are told, and can be tried again", async () => {
    let isBroken = true;
    const { pages } = made(1_200, async (from, most) => {
      if (isBroken && from > 500) {
        throw new Error("no");
      }
      return some(from, most);
    });
    pages.want(400, 600);
    await settled();

    expect(pages.gapAt(499)).toBeNull();
    expect(pages.gapAt(700)).toEqual({ from: 501, to: 1_000 });

    isBroken = false;
    pages.retry();
    await settled();

    expect(pages.gapAt(700)).toBeNull();
    expect(pages.lineAt(700)?.line).toBe(701);
  });

  it("are told where fewer lines came than there are", async () => {
    const { pages } = made(100, async (from) => some(from, 60));
    pages.want(0, 99);
    await settled();

    expect(pages.gapAt(59)).toBeNull();
    expect(pages.gapAt(60)).toEqual({ from: 61, to: 100 });
  });

  it("name lines of a filtered log by its marks", async () => {
    vi.useFakeTimers();
    const marks = [7, 8_000];
    const outline = { total: 1_500, first_line: 7, last_line: 9_000, every: 1_000, marks };
    const pages = new Pages(ofOutline(outline), () => Promise.reject(new Error("no")), vi.fn());
    pages.want(0, 1_400);
    await settled();

    expect(pages.gapAt(0)).toEqual({ from: 7, to: 7_999 });
    expect(pages.gapAt(1_200)).toEqual({ from: 8_000, to: 9_000 });
  });
});

describe("one page at once", () => {
  it("is not read twice when it is on its way", async () => {
    const { pages, reads } = made(2_000);
    pages.want(500, 540);
    const lines = await pages.load(1);

    expect(lines.length).toBe(500);
    expect(reads).toHaveBeenCalledTimes(1);
  });

  it("is read when it is needed, and not again", async () => {
    const { pages, reads } = made(2_000);

    expect((await pages.load(1)).map((one) => one.line).slice(0, 2)).toEqual([501, 502]);
    expect((await pages.load(1)).length).toBe(500);
    expect(reads).toHaveBeenCalledTimes(1);
  });
});
