// Read something again and again while the page is looked at: for what rings no bell.

import { onScopeDispose } from "vue";
import { type Reading, type ReadingOptions, useReading } from "@/live/reading.ts";

/** A ring that says no more than that there may be news, as when the line is back, counts too. */
export function usePolled<T>(
  read: (signal: AbortSignal) => Promise<T>,
  everyMs: number,
  { source }: Pick<ReadingOptions, "source"> = {},
): Reading<T> {
  const reading = useReading(read, {
    isStale: () => false,
    ...(source === undefined ? {} : { source }),
  });
  const look = (): void => {
    if (!document.hidden) {
      void reading.again();
    }
  };
  const timer = setInterval(look, everyMs);
  document.addEventListener("visibilitychange", look);
  onScopeDispose(() => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
  });
  return reading;
}
