import { describe, expect, it } from "vitest";
import { localPath } from "@/screens/sign-in/local-path.ts";

describe("where a sign-in leads", () => {
  it.each([
    ["/deployments/1?project=a#L3", "/deployments/1?project=a#L3"],
    [undefined, "/"],
    ["", "/"],
    ["https://evil.example/", "/"],
    ["//evil.example/", "/"],
    ["/\\evil.example", "/"],
    ["javascript:alert(1)", "/"],
    [["/a", "/b"], "/"],
    ["/sign-in?next=/sign-in", "/"],
  ])("%o is %s", (said, path) => {
    expect(localPath(said)).toBe(path);
  });
});
