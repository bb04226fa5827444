// Callbacks as a file: what it is called, whether one is such a file, what it lacks. Pure.

import type { Exported, ImportResult } from "@/api/many-shapes.ts";

/** Of this day where one is. */
export function fileName(now: Date): string {
  const [month, day] = [now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0"));
  return `callbacks-${now.getFullYear()}-${month}-${day}.json`;
}

/** What a file holds, with or without the envelope of an answer; null when it is something else. */
export function exportedIn(text: string): Exported | null {
  try {
    const said = JSON.parse(text) as { data?: unknown } | null;
    const inner = (isExported(said?.data) ? said?.data : said) as unknown;
    return isExported(inner) ? inner : null;
  } catch {
    return null;
  }
}

function isExported(said: unknown): said is Exported {
  const { format, callbacks, templates } = (said ?? {}) as Partial<Exported>;
  return format === "tocsin.callbacks" && Array.isArray(callbacks) && Array.isArray(templates);
}

/** The kinds of the channels that stay switched off, as what is put in lacks their secrets. */
export function lackingIn(exported: Exported, { index, action, errors }: ImportResult): string[] {
  if (action === "refused") {
    return [];
  }
  const channels = exported.callbacks[index]?.channels ?? [];
  const places = errors.map(({ field }) => Number(/^channels\.(\d+)\./.exec(field)?.[1] ?? -1));
  return [...new Set(places)].flatMap((place) => channels[place]?.type ?? []);
}
