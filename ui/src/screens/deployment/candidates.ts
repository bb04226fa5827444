// The deployments of several projects that share an id, out of the problem that says so. Pure.

import type { Problem } from "@/api/call.ts";
import type { DeploymentStatus } from "@/api/shapes.ts";

export interface Candidate {
  project: string;
  id: string;
  status: DeploymentStatus;
  last_seen_at: string;
}

/** Empty when the problem is another one. */
export function candidatesOf(problem: Problem | null): readonly Candidate[] {
  const said = (problem?.body as { candidates?: unknown } | null | undefined)?.candidates;
  return problem?.status === 409 && Array.isArray(said) ? (said as Candidate[]) : [];
}
