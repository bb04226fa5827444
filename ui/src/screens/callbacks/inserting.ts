// A variable put into a text where the cursor is. Pure.

/** In place of what is chosen; the cursor then stands behind it. */
export function inserted(
  text: string,
  from: number,
  to: number,
  name: string,
): { text: string; cursor: number } {
  const variable = `{{${name}}}`;
  return {
    text: text.slice(0, from) + variable + text.slice(to),
    cursor: from + variable.length,
  };
}
