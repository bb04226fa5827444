// What all rows of a view share in how they are drawn.

import type { TimeMode } from "@/log/instants.ts";

export interface RowLook {
  isDark: boolean;
  finder: RegExp | null;
  timeMode: TimeMode;
  /** What relative times count from, in milliseconds since 1970. */
  start: number;
  /** Whether times are written with their day. */
  hasDays: boolean;
}
