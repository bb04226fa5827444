// Why calls were refused, in plain words.

import { expect, it } from "vitest";
import { explained } from "@/screens/sources/reasons.ts";

it("explains the reasons that it knows, and leaves others to the server's words", () => {
  expect(explained("bad_signature")).toBe("bad_signature");
  expect(explained("never_heard_of")).toBeNull();
  expect(explained(null)).toBeNull();
});
