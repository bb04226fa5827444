// What the body of a call is, to show it: JSON, another text, bytes, or nothing. Pure.

export type MessageBody =
  | { kind: "json"; value: unknown }
  | { kind: "text"; text: string }
  /** In Base64. */
  | { kind: "bytes"; text: string }
  | { kind: "empty" };

/** A body that was cut is no JSON any more, and is shown as the text that is left. */
export function bodyOf(text: string | null, base64: string | null): MessageBody {
  if (text === null || text === "") {
    return base64 ? { kind: "bytes", text: base64 } : { kind: "empty" };
  }
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null
      ? { kind: "json", value }
      : { kind: "text", text };
  } catch {
    return { kind: "text", text };
  }
}
