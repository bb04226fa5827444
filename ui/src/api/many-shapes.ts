// What the API answers of many callbacks at once: done to each, taken out, put in.

import type { ChannelConfig, TestResults } from "@/api/callback-shapes.ts";

export type ManyAction = "enable" | "disable" | "test" | "delete" | "retry";

export interface ManyResult {
  id: string;
  ok: boolean;
  code: number;
  msg: string;
  /** Of a test what came of it; of a retry how many deliveries go out again. */
  data: TestResults | { count: number } | null;
}

export interface ManyResults {
  /** Whether all of it was done. */
  ok: boolean;
  results: ManyResult[];
}

/** What is taken out; of it only what the screens look at. */
export interface Exported {
  format: "tocsin.callbacks";
  exported_at: string;
  secrets: "left_out" | "encrypted";
  callbacks: { name?: string; channels?: { type: string; config?: ChannelConfig }[] }[];
  templates: unknown[];
}

/** What becomes of what is there already, by its id or by project and name. */
export type Conflict = "skip" | "copy" | "replace";

export interface ImportResult {
  index: number;
  name: string;
  /** "" for a template. */
  project_id: string;
  action: "created" | "replaced" | "skipped" | "refused";
  id: string | null;
  /** Why it is refused, or what a channel lacks that is switched off therefore. */
  errors: { field: string; message: string }[];
}

export interface ImportResults {
  /** Whether it was done, not only told. */
  imported: boolean;
  results: ImportResult[];
  templates: ImportResult[];
}
