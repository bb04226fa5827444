// What the body of a call is shown as.

import { expect, it } from "vitest";
import { bodyOf } from "@/parts/message-body.ts";

it.each([
  ["an object as JSON", '{"a": 1}', null, { kind: "json", value: { a: 1 } }],
  ["a cut one as text", '{"a": ', null, { kind: "text", text: '{"a": ' }],
  ["a form as text", "payload=1", null, { kind: "text", text: "payload=1" }],
  ["a bare number as text", "12", null, { kind: "text", text: "12" }],
  ["bytes in Base64", null, "/w==", { kind: "bytes", text: "/w==" }],
  ["nothing as nothing", "", null, { kind: "empty" }],
  ["no body as nothing", null, null, { kind: "empty" }],
])("shows %s", (_, text, base64, shown) => {
  expect(bodyOf(text, base64)).toEqual(shown);
});
