// In which order projects stand, and which of them a text means. Pure.

import type { Project } from "@/api/shapes.ts";

/** What fails first, then by name. */
export function ordered(projects: readonly Project[], text: string): Project[] {
  const wanted = text.trim().toLowerCase();
  return projects
    .filter(({ project }) => project.toLowerCase().includes(wanted))
    .sort((one, other) => rank(one) - rank(other) || one.project.localeCompare(other.project));
}

function rank({ last_status }: Project): number {
  return last_status === "failed" ? 0 : 1;
}
