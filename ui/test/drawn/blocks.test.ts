// Blocks of a message.

import { expect, it } from "vitest";
import type { BlockKind } from "@/api/delivery-shapes.ts";
import { isFollowable, partsOf } from "@/drawn/blocks.ts";

function block(kind: BlockKind, text: string) {
  return { kind, spans: [{ text, is_bold: false, is_italic: false, is_code: false, href: null }] };
}

it("joins items that follow each other", () => {
  const kinds = partsOf([
    block("heading", "h"),
    block("item", "1"),
    block("item", "2"),
    block("paragraph", "p"),
    block("item", "3"),
    block("code", "x\ny"),
  ]).map((part) => (part.kind === "list" ? part.items.length : part.kind));

  expect(kinds).toEqual(["heading", 2, "paragraph", 1, "code"]);
});

it("follows addresses of the web and of mail only", () => {
  expect(isFollowable("https://a.example")).toBe(true);
  expect(isFollowable("mailto:a@b.example")).toBe(true);
  expect(isFollowable("javascript:alert(1)")).toBe(false);
  expect(isFollowable(null)).toBe(false);
});
