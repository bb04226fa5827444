// A call that came in, as a command.

import { expect, it } from "vitest";
import { commandOf } from "@/screens/sources/call-command.ts";
import { call } from "./made.ts";

it("sends the same anew, without what curl says by itself", () => {
  const headers = { host: "x", "content-length": "3", "x-github-event": "push", "X-Real-IP": "1" };

  const command = commandOf(call({ headers, query: { a: "b c" }, body: "it's" }));

  expect(command).toBe(
    [
      `curl -X POST '${location.origin}/hooks/github?a=b+c'`,
      "-H 'x-github-event: push'",
      "--data-binary 'it'\\''s'",
    ].join(" \\\n  "),
  );
});

it("sends bytes as they were", () => {
  const command = commandOf(call({ headers: {}, body: null, body_base64: "/w==" }));

  expect(command).toContain("echo '/w==' | base64 -d | curl -X POST");
  expect(command).toContain("--data-binary @-");
});

it("sends nothing where nothing was", () => {
  expect(commandOf(call({ headers: {}, body: null }))).not.toContain("--data");
});
