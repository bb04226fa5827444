import { describe, expect, it } from "vitest";
import { fitting } from "@/screens/system/settings.ts";

const common = { is_secret: false, description: "Addresses to listen on." };
const listen = { key: "listen", value: "127.0.0.1:8000", origin: "default", ...common };
const role = { ...common, key: "auth.local_role", value: "none", origin: "file t.toml", description: "" };

describe("settings", () => {
  it("are found by key, value and description, in any case", () => {
    expect(fitting([listen, role], "LISTEN", false)).toEqual([listen]);
    expect(fitting([listen, role], " none ", false)).toEqual([role]);
    expect(fitting([listen, role], "addresses", false)).toEqual([listen]);
  });

  it("can be narrowed to those that differ from the default", () => {
    expect(fitting([listen, role], "", true)).toEqual([role]);
  });
});
