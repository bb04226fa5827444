// Read something again and again while the page is looked at: for what rings no bell.

import { onScopeDispose } from "vue";
import { type Reading, useReading } from "@/live/reading.ts";

export function usePolled<T>(
  read: (signal: AbortSignal) => Promise<T>,
  everyMs: number,
): Reading<T> {
  const reading = useReading(read, { isStale: false });
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
