// What somebody typed as the data to keep with a training. Pure.

/** The JSON object that the text is, an empty one for no text; null for anything else. */
export function metaOf(text: string): Record<string, unknown> | null {
  if (text.trim() === "") {
    return {};
  }
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
