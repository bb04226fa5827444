// A log behind a fetch that answers as the API does; for tests of what reads it.

import { vi } from "vitest";
import type { Line } from "@/api/shapes.ts";

export class LogServer {
  readonly lines: Line[] = [];
  readonly calls: URL[] = [];
  /** Calls that fit are answered 503. */
  broken: ((url: URL) => boolean) | null = null;

  constructor(count: number, of: (line: number) => Partial<Line> = () => ({})) {
    this.add(count, of);
    vi.stubGlobal("fetch", (path: string) => Promise.resolve(this.#answer(path)));
  }

  add(count: number, of: (line: number) => Partial<Line> = () => ({})): void {
    for (let at = 0; at < count; at += 1) {
      const line = this.lines.length + 1;
      const instant = new Date(1_700_000_000_000 + line).toISOString();
      this.lines.push({
        line,
        at: instant,
        received_at: instant,
        level: "info",
        step: "Build",
        text: `line ${line}`,
        seq: line,
        ...of(line),
      });
    }
  }

  /** How often a part was asked for, such as `/outline`. */
  count(part: string): number {
    return this.calls.filter((url) => url.pathname.endsWith(part)).length;
  }

  #answer(path: string): Response {
    const url = new URL(path, "http://tocsin.test");
    this.calls.push(url);
    if (this.broken?.(url)) {
      return Response.json({ detail: "Not now." }, { status: 503 });
    }
    if (url.pathname.endsWith("/outline")) {
      return Response.json(this.#outline(url));
    }
    if (url.pathname.endsWith("/search")) {
      return this.#search(url);
    }
    return this.#page(url);
  }

  #fitting({ searchParams: said }: URL): Line[] {
    const [steps, levels] = [said.getAll("step"), said.getAll("level")];
    return this.lines.filter(
      (line) =>
        (steps.length === 0 || steps.includes(line.step)) &&
        (levels.length === 0 || levels.includes(line.level)),
    );
  }

  #outline(url: URL): unknown {
    const fitting = this.#fitting(url).map((line) => line.line);
    const isFiltered = url.searchParams.has("step") || url.searchParams.has("level");
    return {
      total: fitting.length,
      first_line: fitting[0] ?? null,
      last_line: fitting.at(-1) ?? null,
      every: 1_000,
      marks: isFiltered ? fitting.filter((_, at) => at % 1_000 === 0) : [],
    };
  }

  #search(url: URL): Response {
    const said = url.searchParams;
    const after = Number(said.get("after_line"));
    const q = said.get("q") ?? "";
    if (said.get("regex") === "true" && q.includes("(")) {
      const errors = [{ field: "q", message: "missing )" }];
      return Response.json({ detail: "q: missing )", errors }, { status: 422 });
    }
    const last = this.lines.length;
    const scanned = Math.min(last, after + 1_000);
    const matches = this.#fitting(url)
      .filter(({ line, text }) => line > after && line <= scanned && text.includes(q))
      .map((line) => line.line);
    return Response.json({
      matches,
      scanned_to: scanned,
      last_line: last,
      is_complete: scanned === last,
    });
  }

  #page(url: URL): Response {
    const said = url.searchParams;
    const from = Number(said.get("from_line") ?? 1);
    const to = Number(said.get("to_line") ?? Infinity);
    const fitting = this.#fitting(url).filter(({ line }) => line >= from && line <= to);
    if (said.get("format") === "text") {
      return new Response(fitting.map((line) => `${line.text}\n`).join(""));
    }
    const items = fitting.slice(0, Number(said.get("limit") ?? 50));
    const isMore = items.length < fitting.length;
    return Response.json({ items, total: null, next_cursor: isMore ? "more" : null });
  }
}
