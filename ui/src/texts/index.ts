// The four languages: which one is on, its texts, and numbers and times as it writes them.

import type { NDateLocale, NLocale } from "naive-ui";
import { computed, shallowRef, watch } from "vue";
import { createI18n } from "vue-i18n";
import { kept } from "@/surroundings/kept.ts";

export const LANGUAGES = ["en", "zh", "ko", "ru"] as const;
export type Language = (typeof LANGUAGES)[number];

/** Each in its own words, for who cannot read the others. */
export const LANGUAGE_NAMES: Record<Language, string> = {
  en: "English",
  zh: "中文",
  ko: "한국어",
  ru: "Русский",
};

interface Bundle {
  texts: Record<string, unknown>;
  naive: NLocale;
  naiveDates: NDateLocale;
}

const BUNDLES: Record<Language, () => Promise<{ default: Bundle }>> = {
  en: () => import("@/texts/en.ts"),
  zh: () => import("@/texts/zh.ts"),
  ko: () => import("@/texts/ko.ts"),
  ru: () => import("@/texts/ru.ts"),
};

export const language = kept<Language>("language", LANGUAGES, asBrowser());

/** Naive UI's own texts in the language that is on. */
export const naiveTexts = shallowRef<Pick<Bundle, "naive" | "naiveDates"> | null>(null);

export const i18n = createI18n({
  legacy: false,
  locale: language.value,
  missingWarn: import.meta.env.DEV,
  fallbackWarn: false,
  pluralRules: Object.fromEntries(LANGUAGES.map((one) => [one, pluralOf(one)])),
});

/** The language for Intl; Chinese as written on the mainland. */
export const tag = computed(() => (language.value === "zh" ? "zh-CN" : language.value));

/** The same for dates, which the viewer's country may write in its own order. */
export const dateTag = computed(() => (language.value === "zh" ? tag.value : tagOf(language.value)));

/** Load the texts of the language that is on, and of each that is chosen later. */
export async function startTexts(): Promise<void> {
  await load(language.value);
  watch(language, (chosen) => void load(chosen));
}

async function load(chosen: Language): Promise<void> {
  const { default: bundle } = await BUNDLES[chosen]();
  i18n.global.setLocaleMessage(chosen, bundle.texts as never);
  // A slower answer for a language chosen before must not win.
  if (language.value === chosen) {
    naiveTexts.value = bundle;
    i18n.global.locale.value = chosen;
    document.documentElement.lang = chosen === "zh" ? "zh-Hans" : chosen;
  }
}

function asBrowser(): Language {
  const said = navigator.languages.map((one) => one.slice(0, 2).toLowerCase());
  return said.flatMap((one) => LANGUAGES.filter((known) => known === one))[0] ?? "en";
}

function tagOf(wanted: Language): string {
  return navigator.languages.find((one) => one.toLowerCase().startsWith(`${wanted}-`)) ?? wanted;
}

/** Forms stand in the order of CLDR's categories: one | few | many | other, as far as used. */
function pluralOf(one: Language): (count: number, forms: number) => number {
  const rules = new Intl.PluralRules(one);
  const order = rules.resolvedOptions().pluralCategories;
  const sorted = (["zero", "one", "two", "few", "many", "other"] as const).filter((category) =>
    order.includes(category),
  );
  return (count, forms) => Math.min(sorted.indexOf(rules.select(count)), forms - 1);
}
