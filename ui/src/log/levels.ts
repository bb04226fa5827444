// Levels of lines: their order, which ones stand out, and with which letter. Pure.

export const LEVELS = ["debug", "info", "warning", "error", "critical"] as const;
/** What `e` goes to. */
export const ERRORS: readonly string[] = ["error", "critical"];

export type Tone = "failed" | "stalled" | "";

export interface LevelMark {
  letter: string;
  tone: Tone;
}

// A map, as levels are whatever a sender calls them.
const MARKS: ReadonlyMap<string, LevelMark> = new Map([
  ["warning", { letter: "W", tone: "stalled" }],
  ["error", { letter: "E", tone: "failed" }],
  ["critical", { letter: "C", tone: "failed" }],
]);
const NONE: LevelMark = { letter: "", tone: "" };
// GitHub's ways to call a line an error or a warning within its text.
const COMMAND = /^(?:##\[(error|warning)\]|::(error|warning)(?: [^:]*)?::)/;

/** How a line's level is shown at its begin; what is usual is not. */
export function markOf({ level, text }: { level: string; text: string }): LevelMark {
  const said = COMMAND.exec(text);
  return MARKS.get(said?.[1] ?? said?.[2] ?? level) ?? NONE;
}

/** The known levels in their order, then what else was met. */
export function offered(met: Iterable<string>): string[] {
  const others = [...met].filter((one) => !(LEVELS as readonly string[]).includes(one));
  return [...LEVELS, ...[...new Set(others)].sort()];
}
