// Lines of which somebody wants to see more than a row shows: their texts, a piece more each time.

import { shallowReactive } from "vue";
import { KEPT_CHARS, type LogLine, SHOWN_CHARS } from "@/log/lines.ts";

interface Whole {
  text: string;
  shown: number;
}

export class WholeLines {
  readonly #wholes = shallowReactive(new Map<number, Whole>());
  readonly #read: (line: number) => Promise<string>;

  /** @param read the whole text of a line, where less than that is in memory */
  constructor(read: (line: number) => Promise<string>) {
    this.#read = read;
  }

  get size(): number {
    return this.#wholes.size;
  }

  has(line: number): boolean {
    return this.#wholes.has(line);
  }

  of(line: number): Whole | null {
    return this.#wholes.get(line) ?? null;
  }

  /** Show as much more as is drawn without a wait. */
  async more(line: LogLine): Promise<void> {
    const there = this.of(line.line);
    const isKept = line.chars <= line.text.length;
    const text = there?.text ?? (isKept ? line.text : await this.#read(line.line));
    const shown = (there?.shown ?? SHOWN_CHARS) + KEPT_CHARS;
    this.#wholes.set(line.line, { text, shown });
  }
}
