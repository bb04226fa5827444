// The days read page by page.

import { afterEach, expect, it, vi } from "vitest";
import { allDays } from "@/screens/projects/days-reading.ts";

afterEach(() => vi.unstubAllGlobals());

function serve(pages: number): URL[] {
  const calls: URL[] = [];
  vi.stubGlobal("fetch", (path: string) => {
    const url = new URL(path, "http://localhost");
    calls.push(url);
    const next = calls.length < pages ? String(calls.length) : null;
    return Promise.resolve(
      new Response(JSON.stringify({ items: [{ day: `${calls.length}` }], next_cursor: next })),
    );
  });
  return calls;
}

it("reads until there are no more", async () => {
  const calls = serve(3);

  const days = await allDays("2026-01-01", "shop");

  expect(days.map(({ day }) => day)).toEqual(["1", "2", "3"]);
  expect(calls.map((url) => url.searchParams.get("cursor"))).toEqual([null, "1", "2"]);
  expect(calls[0]?.searchParams.get("since")).toBe("2026-01-01T00:00:00Z");
  expect(calls[0]?.searchParams.get("project")).toBe("shop");
});

it("comes to an end where there is no end", async () => {
  const calls = serve(Infinity);

  await allDays("2026-01-01", null);

  expect(calls).toHaveLength(20);
});
