// What a message would look like, as the server draws it, a moment after the last change.

import { onScopeDispose, ref, watch } from "vue";
import { Problem } from "@/api/call.ts";
import type { ChannelConfig } from "@/api/callback-shapes.ts";
import type { Preview } from "@/api/delivery-shapes.ts";
import { changeRelease } from "@/api/release.ts";
import { type Reading, useReading } from "@/live/reading.ts";

export interface Previewed {
  channel_type?: string;
  config?: ChannelConfig;
  language: string;
  event_type?: string;
  event_id?: string;
  template_id?: string | null;
  title?: string;
  body?: string;
}

export const PREVIEW_PATH = "/callbacks/template/preview";
const TYPING_MS = 300;

export function usePreview(wanted: () => Previewed): Reading<Preview> {
  const asked = ref(JSON.stringify(wanted()));
  let typing: ReturnType<typeof setTimeout> | undefined;
  watch(
    () => JSON.stringify(wanted()),
    (now) => {
      clearTimeout(typing);
      typing = setTimeout(() => {
        asked.value = now;
      }, TYPING_MS);
    },
  );
  onScopeDispose(() => clearTimeout(typing));
  return useReading(
    (signal) => previewOf(JSON.parse(asked.value) as Previewed, signal),
    { isStale: false, source: () => asked.value },
  );
}

/** Options that are not whole yet give way to the server's examples, and those to no channel. */
async function previewOf(wanted: Previewed, signal: AbortSignal): Promise<Preview> {
  const { config: _config, ...withExamples } = wanted;
  const { channel_type: _type, ...plain } = withExamples;
  for (const body of [wanted, withExamples]) {
    try {
      return await changeRelease<Preview>("POST", PREVIEW_PATH, body, signal);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 422 || isOfTemplate(error)) {
        throw error;
      }
    }
  }
  return await changeRelease<Preview>("POST", PREVIEW_PATH, plain, signal);
}

/** Whether it is the words that are wrong. */
export function isOfTemplate(problem: Problem): boolean {
  return problem.fields.some(({ field }) => field === "title" || field === "body");
}
