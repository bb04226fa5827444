// Copying what is selected in the log: the lines' own texts, a line each, and nothing beside them.

/** Answers the browser's `copy`; elsewhere than over several rows the browser knows best. */
export function copySelection(event: ClipboardEvent): void {
  const selection = getSelection();
  const rows = event.currentTarget as HTMLElement;
  if (selection === null || selection.isCollapsed || selection.rangeCount === 0) {
    return;
  }
  const text = textOf(selection.getRangeAt(0), rows);
  if (text !== null && event.clipboardData !== null) {
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
  }
}

/** The selected part of each line that the range touches; null when it touches none. */
export function textOf(range: Range, rows: Element): string | null {
  const texts = [...rows.querySelectorAll(".text")].filter((text) => range.intersectsNode(text));
  return texts.length === 0 ? null : texts.map((text) => partOf(text, range)).join("\n");
}

function partOf(text: Element, range: Range): string {
  const part = document.createRange();
  part.selectNodeContents(text);
  if (text.contains(range.startContainer)) {
    part.setStart(range.startContainer, range.startOffset);
  }
  if (text.contains(range.endContainer)) {
    part.setEnd(range.endContainer, range.endOffset);
  }
  return part.toString();
}
