// A variable put into a text.

import { expect, it } from "vitest";
import { inserted } from "@/screens/callbacks/inserting.ts";

it("goes where the cursor is, in place of what is chosen", () => {
  expect(inserted("a XX b", 2, 4, "task_id")).toEqual({ text: "a {{task_id}} b", cursor: 13 });
  expect(inserted("", 0, 0, "event")).toEqual({ text: "{{event}}", cursor: 9 });
});
