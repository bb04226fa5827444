// The calls that read a part of a log.

import { afterEach, describe, expect, it, vi } from "vitest";
import {
  downloadOf,
  isWhole,
  readFound,
  readLines,
  readText,
  readWhole,
  type Scope,
} from "@/log/scope.ts";
import { LogServer } from "./log-server.ts";

const WHOLE: Scope = { id: "a/b", project: "shop", run: null, step: null, levels: [] };

afterEach(() => vi.unstubAllGlobals());

describe("lines", () => {
  it("are read in several answers where one ends early", async () => {
    const server = new LogServer(2_500);
    const { lines, isMore } = await readLines(WHOLE, { from: 101, to: 2_300 }, 2_200);

    expect(lines.length).toBe(2_200);
    expect(lines.every((line, at) => line.line === at + 101)).toBe(true);
    expect(isMore).toBe(false);
    expect(server.calls.map((url) => url.searchParams.get("from_line"))).toEqual([
      "101",
      "1101",
      "2101",
    ]);
    expect(server.calls[0]?.pathname).toBe("/api/v1/deployments/a%2Fb/logs");
  });

  it("tell that more follow", async () => {
    new LogServer(30);

    expect((await readLines(WHOLE, { from: 1 }, 10)).isMore).toBe(true);
    expect((await readLines(WHOLE, { from: 21 }, 10)).isMore).toBe(false);
  });

  it("are read whole, one by one", async () => {
    new LogServer(3, () => ({ text: "x".repeat(100_000) }));

    expect((await readWhole(WHOLE, 2)).length).toBe(100_000);
    expect(await readWhole(WHOLE, 9)).toBe("");
  });

  it("are read as text, to copy", async () => {
    const server = new LogServer(9);

    expect(await readText({ ...WHOLE, step: "Build" }, 3, 5)).toBe("line 3\nline 4\nline 5");
    expect(server.calls[0]?.searchParams.get("colours")).toBe("false");
    server.broken = () => true;
    await expect(readText(WHOLE, 1, 2)).rejects.toThrow("503");
  });
});

describe("a search", () => {
  it("says what is looked for and where", async () => {
    const server = new LogServer(5);
    const part = { ...WHOLE, run: 2, step: "Build", levels: ["error", "info"] };
    const pattern = { text: "a b", isCase: true, isRegex: false };
    await readFound(part, pattern, 7, new AbortController().signal);

    expect(server.calls[0]?.search).toBe(
      "?project=shop&run=2&step=Build&level=error&level=info" +
        "&q=a+b&case=true&regex=false&after_line=7",
    );
  });
});

describe("parts", () => {
  it("are whole or not", () => {
    expect(isWhole(WHOLE)).toBe(true);
    expect(isWhole({ ...WHOLE, run: 1 })).toBe(false);
    expect(isWhole({ ...WHOLE, levels: ["info"] })).toBe(false);
  });

  it("can be downloaded with colours and without", () => {
    expect(downloadOf({ ...WHOLE, step: "Build" }, false)).toBe(
      "/api/v1/deployments/a%2Fb/logs?project=shop&step=Build&format=text&colours=false",
    );
    expect(downloadOf(WHOLE, true)).toContain("colours=true");
  });
});
