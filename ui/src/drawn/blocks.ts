// Blocks of a message joined to what is drawn: items that follow each other are one list. Pure.

import type { MessageBlock, MessageSpan } from "@/api/delivery-shapes.ts";

export type Part =
  | { kind: "list"; items: readonly (readonly MessageSpan[])[] }
  | { kind: "paragraph" | "heading" | "quote"; spans: readonly MessageSpan[] }
  | { kind: "code"; text: string };

export function partsOf(blocks: readonly MessageBlock[]): Part[] {
  const parts: Part[] = [];
  for (const { kind, spans } of blocks) {
    const last = parts.at(-1);
    if (kind === "item") {
      if (last?.kind === "list") {
        parts[parts.length - 1] = { kind: "list", items: [...last.items, spans] };
      } else {
        parts.push({ kind: "list", items: [spans] });
      }
    } else if (kind === "code") {
      parts.push({ kind, text: spans.map(({ text }) => text).join("") });
    } else {
      parts.push({ kind, spans });
    }
  }
  return parts;
}

/** Whether an address may be followed from here. */
export function isFollowable(href: string | null): href is string {
  return href !== null && /^(https?:\/\/|mailto:)/i.test(href);
}
