// What the options of a channel are called and mean, in the language that is on.

import { useI18n } from "vue-i18n";
import type { SchemaField } from "@/screens/callbacks/schema-fields.ts";

/** Of what nobody has put into words here, the channel's own file tells in English. */
export function useOptionNames(channel: () => string) {
  const { t, te } = useI18n();

  function told(what: "field" | "hint", key: string, otherwise: string): string {
    const own = `channel.${what}.${channel()}_${key}`;
    const usual = `channel.${what}.${key}`;
    return te(own) ? t(own) : te(usual) ? t(usual) : otherwise;
  }

  return {
    titleOf: ({ key, title }: SchemaField) => told("field", key, title),
    hintOf: ({ key, description }: SchemaField) => told("hint", key, description),
  };
}
