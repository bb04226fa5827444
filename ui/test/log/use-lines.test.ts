// Lines of a log as they are read, filtered, come in, and fail to come.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { effectScope, nextTick, ref } from "vue";
import type { Scope } from "@/log/scope.ts";
import { type Lines, useLines } from "@/log/use-lines.ts";
import { LogServer } from "./log-server.ts";

const WHOLE: Scope = { id: "7", project: "shop", run: null, step: null, levels: [] };
const scopes: (() => void)[] = [];

function looking(total: number, at: Partial<Scope> = {}) {
  const scope = ref<Scope>({ ...WHOLE, ...at });
  const totalLines = ref(total);
  const isTailWanted = ref(false);
  const upTo = ref<number | null>(null);
  const around = effectScope();
  scopes.push(() => around.stop());
  const lines = around.run(() =>
    useLines(
      () => scope.value,
      () => totalLines.value,
      () => isTailWanted.value,
      () => upTo.value,
    ),
  ) as Lines;
  return { lines, scope, totalLines, isTailWanted, upTo };
}
const settled = (ms = 50): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const odd = (line: number) => ({ step: line % 2 === 1 ? "Build" : "Test" });

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  for (const stop of scopes.splice(0)) {
    stop();
  }
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the whole log", () => {
  it("is there at once, without asking how long it is", async () => {
    const server = new LogServer(5_000);
    const { lines } = looking(5_000);
    lines.want(700, 750);
    await settled();

    expect(lines.total.value).toBe(5_000);
    expect(lines.isLoading.value).toBe(false);
    expect(lines.lineAt(733)?.text).toBe("line 734");
    expect(await lines.rowOf(734)).toBe(733);
    expect(server.count("/outline")).toBe(0);
    expect(server.calls[0]?.searchParams.get("with_total")).toBe("false");
  });

  it("only counts what is new while nobody looks at its end", async () => {
    const server = new LogServer(10);
    const { lines, totalLines } = looking(10);
    server.add(5);
    totalLines.value = 15;
    await settled();

    expect(lines.total.value).toBe(15);
    expect(server.calls).toEqual([]);
  });
});

describe("the tail", () => {
  it("is read at a ring, from the last line on, once in a while", async () => {
    const server = new LogServer(10);
    const { lines, isTailWanted } = looking(10);
    lines.want(0, 9);
    await settled(200);
    isTailWanted.value = true;
    await settled(200);
    server.calls.length = 0;
    for (let ring = 0; ring < 20; ring += 1) {
      server.add(1);
      void lines.ring();
      await settled(10);
    }
    await settled(300);

    expect(lines.total.value).toBe(30);
    expect(lines.lineAt(29)?.text).toBe("line 30");
    expect(server.calls.length).toBeLessThanOrEqual(4);
    expect(server.calls[0]?.searchParams.get("from_line")).toBe("11");
  });

  it("of a flood has its end there before it is shown", async () => {
    const server = new LogServer(10);
    const { lines, isTailWanted } = looking(10);
    isTailWanted.value = true;
    await settled(200);
    server.add(20_000);
    await lines.ring();

    expect(lines.total.value).toBe(20_010);
    expect(lines.lineAt(20_009)?.text).toBe("line 20010");
    expect(lines.lineAt(19_600)?.text).toBe("line 19601");
    expect(lines.lineAt(5_000)).toBeNull();
  });

  it("that cannot be read is told, and read later", async () => {
    const server = new LogServer(3);
    const { lines, isTailWanted } = looking(3);
    isTailWanted.value = true;
    await settled(200);
    server.broken = () => true;
    server.add(2);
    await lines.ring();

    expect(lines.isTailLost.value).toBe(true);

    server.broken = null;
    await settled(4_000);

    expect(lines.isTailLost.value).toBe(false);
    expect(lines.total.value).toBe(5);
  });
});

describe("a filtered log", () => {
  it("goes by the outline", async () => {
    new LogServer(9_000, odd);
    const { lines } = looking(9_000, { step: "Test" });
    expect(lines.isLoading.value).toBe(true);
    await settled();
    lines.want(2_200, 2_250);
    await settled();

    expect(lines.total.value).toBe(4_500);
    expect(lines.lineAt(2_222)?.line).toBe(4_446);
    expect(await lines.rowOf(4_446)).toBe(2_222);
    expect(await lines.rowOf(4_445)).toBe(2_222);
  });

  it("takes new lines that fit, and does not look twice through those that do not", async () => {
    const server = new LogServer(10, odd);
    const { lines, totalLines, isTailWanted } = looking(10, { step: "Test" });
    await settled();
    isTailWanted.value = true;
    await settled(200);
    server.add(50, () => ({ step: "Build" }));
    totalLines.value = 60;
    await settled(200);
    server.add(2, () => ({ step: "Test" }));
    totalLines.value = 62;
    await settled(200);

    expect(lines.total.value).toBe(7);
    expect(lines.lineAt(6)).toBeNull();
    expect(server.calls.at(-1)?.searchParams.get("from_line")).toBe("61");
  });

  it("begins anew with another filter", async () => {
    new LogServer(3_000, odd);
    const { lines, scope } = looking(3_000, { step: "Test" });
    await settled();
    scope.value = { ...WHOLE };
    await nextTick();

    expect(lines.total.value).toBe(3_000);
    expect(lines.lineAt(0)).toBeNull();
  });

  it("says when it cannot be told how long it is", async () => {
    const server = new LogServer(10, odd);
    server.broken = () => true;
    const { lines } = looking(10, { step: "Test" });
    await settled();

    expect(lines.problem.value?.status).toBe(503);

    server.broken = null;
    await lines.again();

    expect(lines.problem.value).toBeNull();
    expect(lines.total.value).toBe(5);
  });
});

describe("a former moment", () => {
  it.each([
    [{}, 25, 25],
    [{ step: "Test" }, 25, 12],
    [{ step: "Test" }, 1, 0],
  ])("of %o ends at its last line", async (part, line, rows) => {
    new LogServer(100, odd);
    const { lines, upTo } = looking(100, part);
    await settled();
    upTo.value = line;
    await settled();

    expect(lines.total.value).toBe(rows);

    upTo.value = null;
    await settled();

    expect(lines.total.value).toBe("step" in part ? 50 : 100);
  });
});
