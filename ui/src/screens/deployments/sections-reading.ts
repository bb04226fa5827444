// The groups of the front page kept new, without moving what somebody reads further down.

import { computed, onScopeDispose, type Ref, ref, shallowRef, watch } from "vue";
import { read } from "@/api/call.ts";
import type { Page, Summary } from "@/api/shapes.ts";
import { type Reading, useReading } from "@/live/reading.ts";
import { addressOf, type Filters } from "@/screens/deployments/filters.ts";
import {
  type Held,
  hold,
  keyOf,
  reusing,
  type Section,
  sectionsOf,
  wantedFor,
  withHeld,
} from "@/screens/deployments/sections.ts";

/** What was read, and for which filters. */
interface Read {
  address: string;
  sections: readonly Section[];
}

export interface Sections extends Pick<Reading<Read>, "problem" | "again"> {
  /** What to show; null before the first answer. */
  sections: Readonly<Ref<readonly Section[] | null>>;
  /** Whether what is shown was read for other filters than those set now. */
  isOld: Readonly<Ref<boolean>>;
  /** Keys of those that came while one looked on. */
  fresh: Readonly<Ref<ReadonlySet<string>>>;
  /** How many new ones wait for who reads further down. */
  unseen: Readonly<Ref<number>>;
  /** Show them. */
  release: () => void;
}

const READ_EVERY_MS = 1_000;
// Deployments leave a span of time, and stall, without a message that tells so.
const LOOK_ALSO_MS = 60_000;
/** Scrolled further than this, one reads something. */
const READING_PX = 240;

// Back from a deployment, the list stands there at once, and so at the place where it was left.
let last: Read | null = null;

export function useSections(filters: () => Filters): Sections {
  const address = computed(() => JSON.stringify(addressOf(filters())));
  const { data, problem, again } = useReading(
    async (signal): Promise<Read> => {
      const asked = address.value;
      const wanted = wantedFor(filters(), Date.now());
      const pages = await Promise.all(
        wanted.map(({ query }) => read<Page<Summary>>("/api/v1/deployments", query, signal)),
      );
      return { address: asked, sections: reusing(sectionsOf(wanted, pages), last?.sections ?? []) };
    },
    { everyMs: READ_EVERY_MS, source: () => address.value },
  );
  const timer = setInterval(() => void again(), LOOK_ALSO_MS);
  onScopeDispose(() => clearInterval(timer));

  const latest = computed(() => data.value ?? (last?.address === address.value ? last : null));
  watch(data, (found) => {
    last = found;
  });
  const isOld = computed(() => latest.value !== null && latest.value.address !== address.value);
  return { problem, again, isOld, ...useCalm(latest) };
}

/** What of `latest` to show while somebody may be reading. */
function useCalm(latest: Readonly<Ref<Read | null>>) {
  const held = shallowRef<{ address: string; rows: Held } | null>(null);
  const isReading = useIsReading();

  const shown = computed(() => {
    const now = latest.value;
    if (now === null) {
      return { sections: null, unseen: 0 };
    }
    const isHeld = held.value?.address === now.address;
    return isHeld && held.value !== null
      ? withHeld(now.sections, held.value.rows)
      : { sections: now.sections, unseen: 0 };
  });
  const sections = computed(() => shown.value.sections);
  const unseen = computed(() => shown.value.unseen);

  function release(): void {
    held.value = null;
  }

  // Other filters, or more rows, are shown at once, and held from then on.
  watch(
    () => [isReading.value, latest.value?.address] as const,
    ([isOn, address]) => {
      const now = latest.value;
      held.value =
        isOn && now !== null && address !== undefined
          ? { address, rows: hold(sections.value ?? now.sections) }
          : null;
    },
    { immediate: true },
  );
  return { sections, unseen, release, fresh: useFresh(latest, sections) };
}

/** The keys that were not there a reading before, under the same filters. */
function useFresh(
  latest: Readonly<Ref<Read | null>>,
  sections: Readonly<Ref<readonly Section[] | null>>,
): Readonly<Ref<ReadonlySet<string>>> {
  const fresh = shallowRef<ReadonlySet<string>>(new Set());
  let before: { address: string; keys: ReadonlySet<string> } | null = null;
  watch(
    sections,
    () => {
      const address = latest.value?.address ?? "";
      const keys = new Set((sections.value ?? []).flatMap(({ rows }) => rows.map(keyOf)));
      const isSame = before?.address === address;
      const added = [...keys].filter((key) => isSame && !before?.keys.has(key));
      fresh.value = new Set([...fresh.value].filter((key) => isSame && keys.has(key)).concat(added));
      before = sections.value === null ? null : { address, keys };
    },
    { immediate: true, flush: "sync" },
  );
  return fresh;
}

function useIsReading(): Readonly<Ref<boolean>> {
  const isReading = ref(window.scrollY > READING_PX);
  const look = (): void => {
    isReading.value = window.scrollY > READING_PX;
  };
  window.addEventListener("scroll", look, { passive: true });
  onScopeDispose(() => window.removeEventListener("scroll", look));
  return isReading;
}
