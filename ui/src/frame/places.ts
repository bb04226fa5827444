// The places of the navigation: where they are, who sees them, and the keys that lead there.

import type { Role } from "@/api/shapes.ts";
import type { Glyph } from "@/parts/glyphs.ts";

export interface Place {
  name: string;
  path: string;
  glyph: Glyph;
  role: Role;
  /** Typed after `g`. */
  key: string;
}

/** So many stand at the foot of a phone's screen; the others are behind "More" there. */
export const FIRST_PLACES = 4;

export const PLACES: readonly Place[] = [
  { name: "deployments", path: "/", glyph: "deployments", role: "viewer", key: "d" },
  { name: "projects", path: "/projects", glyph: "projects", role: "viewer", key: "p" },
  { name: "events", path: "/events", glyph: "events", role: "viewer", key: "e" },
  { name: "trainings", path: "/trainings", glyph: "trainings", role: "viewer", key: "a" },
  { name: "sources", path: "/sources", glyph: "sources", role: "viewer", key: "i" },
  { name: "callbacks", path: "/callbacks", glyph: "bell", role: "viewer", key: "c" },
  { name: "system", path: "/system", glyph: "system", role: "viewer", key: "s" },
  { name: "people", path: "/people", glyph: "people", role: "admin", key: "o" },
  { name: "tokens", path: "/tokens", glyph: "tokens", role: "admin", key: "t" },
];
