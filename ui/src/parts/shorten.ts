// Long ids cut in the middle, where they differ least. Pure.

/** `text` in at most `most` characters; its end, which tells ids apart, is kept longest. */
export function shorten(text: string, most: number): string {
  const letters = [...text];
  if (letters.length <= most) {
    return text;
  }
  const end = Math.ceil((most - 1) * 0.6);
  const start = most - 1 - end;
  return `${letters.slice(0, start).join("")}…${letters.slice(-end).join("")}`;
}

/** A commit as people write it. */
export function shortCommit(hash: string): string {
  return /^[0-9a-f]{8,64}$/i.test(hash) ? hash.slice(0, 7) : shorten(hash, 12);
}
