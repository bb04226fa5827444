// What people know a callback by: its name, else its channels.

import { useI18n } from "vue-i18n";
import type { Callback } from "@/api/callback-shapes.ts";
import { useChannelNames } from "@/deliveries/channel-names.ts";
import { channelTypes } from "@/screens/callbacks/callbacks.ts";

export function useCallbackNames(): (callback: Pick<Callback, "name" | "channels">) => string {
  const { t } = useI18n();
  const nameOf = useChannelNames();
  return (callback) =>
    callback.name || channelTypes(callback).map(nameOf).join(", ") || t("callbacks.unnamed");
}
