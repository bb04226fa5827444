// What people know a callback by: its name, else its channels; and who paused a destination of it.

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

/** The API's name for a caller on the server's own machine. */
const LOCAL = "local";

export function usePausedWords(): (pausedBy: string | null) => string {
  const { t } = useI18n();
  return (name) => {
    if (name === LOCAL) {
      return t("callbacks.destinations.pausedHere");
    }
    return name
      ? t("callbacks.destinations.pausedBy", { name })
      : t("callbacks.destinations.pausedByItself");
  };
}
