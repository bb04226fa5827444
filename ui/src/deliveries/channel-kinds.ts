// The kinds of channels that this server knows, to choose from.

import { computed } from "vue";
import type { ChannelKind, NumberedPage } from "@/api/callback-shapes.ts";
import { readRelease } from "@/api/release.ts";
import { useChannelNames } from "@/deliveries/channel-names.ts";
import { useReading } from "@/live/reading.ts";

/** Those of the documents, then chats, then the rest. */
const ORDER = "feishu dingtalk wechat wecom slack discord telegram teams email custom".split(" ");

export function useChannelKinds() {
  const nameOf = useChannelNames();
  const { data, problem, again } = useReading(
    (signal) => readRelease<NumberedPage<ChannelKind>>("/callbacks/channels", {}, signal),
    { isStale: false },
  );
  const place = (type: string): number => (ORDER.indexOf(type) + 1 || ORDER.length + 1);
  const kinds = computed(() =>
    (data.value?.items ?? []).toSorted((one, other) => place(one.type) - place(other.type)),
  );
  const options = computed(() =>
    kinds.value.map(({ type }) => ({ value: type, text: nameOf(type) })),
  );
  return { kinds, options, problem, again, isKnown: computed(() => data.value !== null) };
}
