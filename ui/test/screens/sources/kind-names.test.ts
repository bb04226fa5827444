// What kinds of sources are called.

import { expect, it } from "vitest";
import { kindName } from "@/screens/sources/kind-names.ts";

const t = (key: string) => `<${key}>`;
const te = (key: string) => key === "sources.kinds.deployment";

it.each([
  ["github", "GitHub"],
  ["deployment", "<sources.kinds.deployment>"],
  ["pigeon", "pigeon"],
])("calls %s %s", (kind, name) => {
  expect(kindName(kind, t, te)).toBe(name);
});
