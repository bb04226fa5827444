// Deployments, pages and texts to test the lists with.

import { createI18n } from "vue-i18n";
import { createMemoryHistory, createRouter } from "vue-router";
import type { Page, Summary } from "@/api/shapes.ts";
import deployments from "@/texts/en/deployments.json";
import filter from "@/texts/en/filter.json";
import frame from "@/texts/en/frame.json";
import problem from "@/texts/en/problem.json";
import projects from "@/texts/en/projects.json";
import status from "@/texts/en/status.json";

const nothing = { template: "<i />" };

/** A deployment that succeeded, with what is said of it. */
export function deployment(said: Partial<Summary> = {}): Summary {
  return {
    id: "42",
    project: "shop",
    status: "success",
    stalled: false,
    conclusion: null,
    progress: 100,
    run: 1,
    duration: 42,
    started_at: "2026-01-01T12:00:00Z",
    completed_at: "2026-01-01T12:00:42Z",
    first_seen_at: "2026-01-01T12:00:01Z",
    last_seen_at: "2026-01-01T12:00:43Z",
    steps_known: 3,
    steps_ended: 3,
    steps_failed: 0,
    current_step: null,
    source: "ci",
    branch: null,
    commit_hash: null,
    workflow_name: null,
    workflow_id: null,
    log_stream_id: null,
    source_repo: null,
    deploy_type: null,
    server_host: null,
    error_message: null,
    lines: 0,
    seq: 7,
    ...said,
  } as Summary;
}

export function page<T>(items: T[], next: string | null = null): Page<T> {
  return { items, next_cursor: next };
}

/** English, and the router with the places that rows lead to. */
export function surroundings() {
  const messages = { en: { deployments, filter, frame, problem, projects, status } } as never;
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: "/", name: "deployments", component: nothing },
      { path: "/deployments/:id", name: "deployment", component: nothing },
      { path: "/projects", name: "projects", component: nothing },
      { path: "/projects/:project", name: "project", component: nothing },
      { path: "/tokens", name: "tokens", component: nothing },
    ],
  });
  const i18n = createI18n({ legacy: false, locale: "en", messages });
  return { router, global: { plugins: [i18n, router] } };
}
