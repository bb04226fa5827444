// Keeps a deployment's detail new while its screen is open, and what is usual for its project.

import { computed } from "vue";
import { read } from "@/api/call.ts";
import type { Detail, Usual } from "@/api/shapes.ts";
import { useReading } from "@/live/reading.ts";
import { isOver } from "@/parts/status.ts";
import type { Place } from "@/screens/deployment/use-place.ts";

const EVERY_MS = 300;

/** The API's address of a deployment, or of what is under it, such as `/logs`. */
export function pathOf(id: string, under = ""): string {
  return `/api/v1/deployments/${encodeURIComponent(id)}${under}`;
}

export function useDeployment(place: Place) {
  const reading = useReading(
    (signal) =>
      read<Detail>(pathOf(place.id.value), { project: place.project.value }, signal),
    {
      isStale: ({ event }) =>
        event?.deployment_id === place.id.value &&
        (place.project.value === null || event.project === place.project.value),
      everyMs: EVERY_MS,
      source: () => [place.id.value, place.project.value],
    },
  );

  /** Never that of another address, which stands there until the present one is read. */
  const detail = computed(() => {
    const found = reading.data.value;
    const isOfOther =
      found?.id !== place.id.value ||
      (place.project.value !== null && found.project !== place.project.value);
    return isOfOther ? null : found;
  });

  const { data: usual } = useReading(
    (signal) => {
      const found = detail.value;
      const nothing = Promise.resolve<Usual | null>(null);
      return found === null
        ? nothing
        : read<Usual>(pathOf(found.id, "/usual"), { project: found.project }, signal);
    },
    {
      isStale: false,
      source: () => {
        const found = detail.value;
        return found && `${found.project}\n${found.id}\n${isOver(found.status)}`;
      },
    },
  );

  return { ...reading, detail, usual };
}
