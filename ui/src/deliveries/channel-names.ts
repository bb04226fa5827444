// What channels are called, in the reader's language.

import { useI18n } from "vue-i18n";

/** A channel that this page knows nothing of is called as in the API. */
export function useChannelNames(): (type: string) => string {
  const { t, te } = useI18n();
  return (type) => {
    const key = `channel.names.${type}`;
    return te(key) ? t(key) : type;
  };
}
