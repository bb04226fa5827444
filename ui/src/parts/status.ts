// Statuses as they are drawn: which shape, which tone. Pure.

import type { DeploymentStatus, StepStatus, Summary } from "@/api/shapes.ts";

export type MarkKind =
  | "pending"
  | "running"
  | "retrying"
  | "success"
  | "failed"
  | "cancelled"
  | "skipped"
  | "stalled"
  | "degraded"
  | "info";

export type Tone = "running" | "success" | "failed" | "stalled" | "quiet";

export interface Shape {
  tone: Tone;
  drawing: "line" | "solid";
  /** In a box of 16 by 16. */
  path: string;
  turns?: boolean;
}

// Solid with a hole where it is over, open lines where it is not.
export const SHAPES: Record<MarkKind, Shape> = {
  pending: { tone: "quiet", drawing: "line", path: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2z" },
  running: { tone: "running", drawing: "line", path: "M14 8a6 6 0 1 1-6-6", turns: true },
  retrying: {
    tone: "stalled",
    drawing: "line",
    path: "M13.5 8a5.5 5.5 0 1 1-1.6-3.9M12.2 1.5v2.8H9.4",
  },
  success: {
    tone: "success",
    drawing: "solid",
    path: "M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1zM7 11.3l4.7-5-1.2-1.1L7 8.9 5.5 7.4 4.3 8.5z",
  },
  failed: {
    tone: "failed",
    drawing: "solid",
    path: "M5 1h6l4 4v6l-4 4H5l-4-4V5zM5.6 4.5 4.5 5.6 6.9 8l-2.4 2.4 1.1 1.1L8 9.1l2.4 2.4 1.1-1.1L9.1 8l2.4-2.4-1.1-1.1L8 6.9z",
  },
  cancelled: {
    tone: "quiet",
    drawing: "line",
    path: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM3.8 3.8l8.4 8.4",
  },
  skipped: { tone: "quiet", drawing: "line", path: "M3 4l4 4-4 4M9 4l4 4-4 4" },
  stalled: {
    tone: "stalled",
    drawing: "solid",
    path: "M8 1l7.5 13.5H.5zM7.2 6v4h1.6V6zM7.2 11.2v1.6h1.6v-1.6z",
  },
  degraded: {
    tone: "stalled",
    drawing: "solid",
    path: "M8 1l7.5 13.5H.5zM7.2 6v4h1.6V6zM7.2 11.2v1.6h1.6v-1.6z",
  },
  info: { tone: "quiet", drawing: "solid", path: "M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6z" },
};

/** How a deployment is shown; one that has gone quiet says that first. */
export function kindOf(deployment: Pick<Summary, "status" | "stalled">): MarkKind {
  return deployment.stalled ? "stalled" : deployment.status;
}

/** How a step is shown; the sender's own word decides between ends that count alike. */
export function kindOfStep(step: { status: StepStatus; conclusion: string | null }): MarkKind {
  const said = step.conclusion?.toLowerCase();
  if (step.status === "completed") {
    return said === "skipped" || said === "neutral" ? "skipped" : "success";
  }
  if (step.status === "failed") {
    return said === "cancelled" ? "cancelled" : "failed";
  }
  return step.status;
}

export function isOver(status: DeploymentStatus): boolean {
  return status === "success" || status === "failed" || status === "cancelled";
}
