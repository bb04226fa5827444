// A training to test with.

import type { TrainingDetail } from "@/api/training-shapes.ts";

export function training(said: Partial<TrainingDetail> = {}): TrainingDetail {
  return {
    id: "t1",
    request_id: "t1",
    finetune_id: null,
    training_type: "portrait",
    endpoint: "fal-ai/x",
    project: "",
    status: "training",
    status_text: null,
    progress: null,
    queue_position: null,
    registered_at: "2026-01-01T12:00:00Z",
    first_seen_at: "2026-01-01T12:00:05Z",
    updated_at: "2026-01-01T12:00:05Z",
    completed_at: null,
    duration_s: null,
    error: null,
    result: null,
    meta: {},
    files: [],
    events: [],
    ...said,
  };
}
