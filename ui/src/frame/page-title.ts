// Title and icon of the browser's tab: where one is, and whether something fails or runs.

import { computed, onScopeDispose, readonly, ref, watch, watchEffect } from "vue";
import { read } from "@/api/call.ts";
import type { Page, Summary } from "@/api/shapes.ts";
import { useReading } from "@/live/reading.ts";
import { under } from "@/surroundings/prefix.ts";

const screen = ref("");
const failing = ref(0);

/** How many deployments need a look, up to 100. */
export const failingCount = readonly(failing);

/** Name the screen in the tab, for as long as the component lives. */
export function usePageTitle(title: () => string): void {
  watchEffect(() => {
    screen.value = title();
  });
  onScopeDispose(() => {
    screen.value = "";
  });
}

/** Keep the tab's title and icon in step with what fails. */
export function useTab(): void {
  const { data } = useReading(
    (signal) =>
      read<Page<Summary>>("/api/v1/deployments", { attention: true, limit: 100 }, signal),
    { everyMs: 3000, isStale: (ring) => ring.event?.event_type !== "deployment_progress" },
  );
  watch(data, (page) => {
    failing.value = page?.items.length ?? 0;
  });
  const icon = computed(() => (failing.value > 0 ? "/icon-failing.svg" : "/icon.svg"));
  watchEffect(() => {
    const count = failing.value > 0 ? `(${failing.value}) ` : "";
    const name = screen.value === "" ? "" : `${screen.value} · `;
    document.title = `${count}${name}Tocsin`;
  });
  watchEffect(() => {
    document.querySelector('link[rel="icon"]')?.setAttribute("href", under(icon.value));
  });
}
