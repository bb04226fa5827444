// Keeps a replay and the address in step: `replay` is where it stands while it does not move.

import { onScopeDispose, watch } from "vue";
import type { Place } from "@/screens/deployment/use-place.ts";
import type { Replay } from "@/screens/deployment/use-replay.ts";

// Who drags the slider shall not write the address a hundred times.
const SETTLE_MS = 250;

/** Opens the replay that the address asks for, at once; `play` in it starts it. */
export function useReplayAddress(place: Place, replay: Replay): void {
  let settle: ReturnType<typeof setTimeout> | undefined;

  if (place.replayAt.value !== null) {
    replay.open(place.replayAt.value, place.plays.value);
  }
  watch([replay.at, replay.isPlaying], ([at, isPlaying], [before]) => {
    clearTimeout(settle);
    if (at === null) {
      void place.go({ replay: undefined, play: undefined }, true);
    } else if (!isPlaying || before === null) {
      settle = setTimeout(() => {
        const said = new Date(at).toISOString();
        void place.go({ replay: said, play: undefined, hash: "" }, true);
      }, SETTLE_MS);
    }
  });
  onScopeDispose(() => clearTimeout(settle));
}
