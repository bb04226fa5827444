// How set-ups of sources stand, and in which order they are shown.

import { expect, it } from "vitest";
import type { SourceSetup } from "@/api/source-shapes.ts";
import { grouped, heardAt, pathOf, placeOf, standingOf } from "@/screens/sources/setups.ts";
import { secret, setup } from "./made.ts";

const EARLY = "2026-01-01T12:00:00Z";
const LATE = "2026-01-01T12:00:01.5Z";

it.each<[string, Partial<SourceSetup>, string]>([
  ["its last call was refused", { last_stored_at: EARLY, last_rejected_at: LATE }, "rejecting"],
  ["only refused ones came", { last_rejected_at: EARLY }, "rejecting"],
  ["a stored one came after", { last_stored_at: LATE, last_rejected_at: EARLY }, "receiving"],
  ["none came, but it has a secret", { secrets: [secret()] }, "silent"],
  ["none came, but it has a name", { name: "team-a" }, "silent"],
  ["nobody has set it up", {}, "unused"],
])("tells that %s", (_, said, standing) => {
  expect(standingOf(setup(said))).toBe(standing);
});

it("shows what refuses first, then by name, and apart what nobody uses", () => {
  const setups = [
    setup({ kind: "slack" }),
    setup({ kind: "gitlab", last_stored_at: EARLY }),
    setup({ kind: "github", name: "b", secrets: [secret()] }),
    setup({ kind: "stripe", last_rejected_at: EARLY }),
    setup({ kind: "gitea" }),
  ];

  const groups = grouped(setups).map(({ name, setups: own }) => [name, own.map(({ kind }) => kind)]);

  expect(groups).toEqual([
    ["used", ["stripe", "github", "gitlab"]],
    ["unused", ["gitea", "slack"]],
  ]);
  expect(grouped([])).toEqual([]);
});

it("knows when something was last heard", () => {
  expect(heardAt(setup({ last_stored_at: EARLY, last_rejected_at: LATE }))).toBe(LATE);
  expect(heardAt(setup())).toBeNull();
});

it("stands at its own address here and in the API", () => {
  expect(pathOf({ kind: "github", name: "" })).toBe("/api/v1/sources/github/-");
  expect(pathOf({ kind: "github", name: "team.a" })).toBe("/api/v1/sources/github/team.a");
  expect(placeOf({ kind: "github", name: "" }).params).toEqual({ kind: "github" });
  expect(placeOf({ kind: "github", name: "a" }).params).toEqual({ kind: "github", name: "a" });
});
