// Callbacks as a file.

import { describe, expect, it } from "vitest";
import type { Exported, ImportResult } from "@/api/many-shapes.ts";
import { exportedIn, fileName, lackingIn } from "@/screens/callbacks/moving.ts";

const EXPORTED: Exported = {
  format: "tocsin.callbacks",
  exported_at: "2026-01-01T12:00:00Z",
  secrets: "left_out",
  callbacks: [{ name: "News", channels: [{ type: "feishu" }, { type: "slack" }] }],
  templates: [],
};

it("is called after its day", () => {
  expect(fileName(new Date(2026, 0, 7))).toBe("callbacks-2026-01-07.json");
});

describe("a file", () => {
  it("is an export, with or without the envelope of an answer", () => {
    expect(exportedIn(JSON.stringify(EXPORTED))).toEqual(EXPORTED);
    expect(exportedIn(JSON.stringify({ code: 0, data: EXPORTED, msg: "ok" }))).toEqual(EXPORTED);
  });

  it.each(["", "no json", "null", "[]", "{}", '{"format": "tocsin.callbacks"}', '{"data": 7}'])(
    "is none: %s",
    (text) => {
      expect(exportedIn(text)).toBeNull();
    },
  );
});

describe("what is put in", () => {
  const result: ImportResult = {
    ...{ index: 0, name: "News", project_id: "shop", action: "created", id: "c1" },
    errors: [
      { field: "channels.1.config.webhook_url", message: "required" },
      { field: "channels.1.config", message: "one of both" },
    ],
  };

  it("lacks the secrets of a channel, which is named once", () => {
    expect(lackingIn(EXPORTED, result)).toEqual(["slack"]);
  });

  it("is told in the server's words where it is refused", () => {
    expect(lackingIn(EXPORTED, { ...result, action: "refused" })).toEqual([]);
  });

  it("lacks nothing of a channel that is not there", () => {
    const errors = [{ field: "channels.7.config", message: "" }, { field: "name", message: "" }];

    expect(lackingIn(EXPORTED, { ...result, errors })).toEqual([]);
  });
});
