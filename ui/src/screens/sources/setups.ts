// How set-ups of sources stand: which look they need, in which order, under which address. Pure.

import type { SourceSetup } from "@/api/source-shapes.ts";
import type { MarkKind } from "@/parts/status.ts";

/** The API's word for the set-up that is the kind itself. */
const KIND_ITSELF = "-";

type Named = Pick<SourceSetup, "kind" | "name">;

export function keyOf({ kind, name }: Named): string {
  return `${kind}/${name}`;
}

/** Of one set-up in the API. */
export function pathOf({ kind, name }: Named): string {
  const ending = encodeURIComponent(name === "" ? KIND_ITSELF : name);
  return `/api/v1/sources/${encodeURIComponent(kind)}/${ending}`;
}

/** Of one set-up among the screens. */
export function placeOf({ kind, name }: Named) {
  return { name: "source", params: { kind, ...(name === "" ? {} : { name }) } };
}

/**
 * `rejecting`: the last call was refused; `receiving`: it was taken; `silent`: it can be called
 * and was not yet; `unused`: nobody has set it up.
 */
export type Standing = "rejecting" | "receiving" | "silent" | "unused";

export const MARKS: Readonly<Record<Standing, MarkKind>> = {
  rejecting: "failed",
  receiving: "success",
  silent: "pending",
  unused: "info",
};

export function standingOf(setup: SourceSetup): Standing {
  const { last_stored_at: stored, last_rejected_at: rejected } = setup;
  if (rejected !== null && (stored === null || Date.parse(rejected) > Date.parse(stored))) {
    return "rejecting";
  }
  if (stored !== null) {
    return "receiving";
  }
  return setup.name !== "" || setup.secrets.length > 0 ? "silent" : "unused";
}

export interface Group {
  name: "used" | "unused";
  setups: SourceSetup[];
}

/** What is in use, what refuses first; then what could be. Each by its name. */
export function grouped(setups: readonly SourceSetup[]): Group[] {
  const sorted = setups.toSorted(
    (one, other) =>
      Number(standingOf(other) === "rejecting") - Number(standingOf(one) === "rejecting") ||
      keyOf(one).localeCompare(keyOf(other)),
  );
  const of = (isUnused: boolean) =>
    sorted.filter((setup) => (standingOf(setup) === "unused") === isUnused);
  const groups: Group[] = [
    { name: "used", setups: of(false) },
    { name: "unused", setups: of(true) },
  ];
  return groups.filter((group) => group.setups.length > 0);
}

/** When something was last heard, whatever became of it. */
export function heardAt({ last_stored_at: stored, last_rejected_at: rejected }: SourceSetup) {
  const known = [stored, rejected].filter((one) => one !== null);
  return known.toSorted((one, other) => Date.parse(other) - Date.parse(one))[0] ?? null;
}
