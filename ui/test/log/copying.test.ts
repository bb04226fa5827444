// What is copied: the lines' own texts.

import { afterEach, describe, expect, it, vi } from "vitest";
import { copySelection, textOf } from "@/log/copying.ts";

function row(number: number, text: string): string {
  const gutter = `<span class="gutter">${number} <time>12:00</time></span>`;
  return `<li>${gutter}<span class="words"><span class="text">${text}</span></span></li>`;
}

function list(): HTMLElement {
  const rows = ["one", "<b>t</b>wo", "", "four"].map((text, at) => row(at + 1, text));
  document.body.innerHTML = `<ol>${rows.join("")}</ol>`;
  return document.body.firstElementChild as HTMLElement;
}
const text = (at: number): Node => document.querySelectorAll(".text")[at] as Node;

afterEach(() => {
  document.body.innerHTML = "";
});

describe("a copy", () => {
  it("has neither numbers nor times, and keeps empty lines", () => {
    const rows = list();
    const range = document.createRange();
    range.setStart(text(0).firstChild as Node, 1);
    range.setEnd(text(3).firstChild as Node, 2);

    expect(textOf(range, rows)).toBe("ne\ntwo\n\nfo");
  });

  it("takes nothing over where no line is selected", () => {
    const rows = list();
    const other = document.createElement("p");
    other.textContent = "elsewhere";
    document.body.append(other);
    const range = document.createRange();
    range.selectNodeContents(other);

    expect(textOf(range, rows)).toBeNull();
  });

  it("leaves an empty selection to the browser", () => {
    getSelection()?.removeAllRanges();
    const event = new Event("copy") as ClipboardEvent;
    const preventDefault = vi.spyOn(event, "preventDefault");
    copySelection(event);

    expect(preventDefault).not.toHaveBeenCalled();
  });
});
