// Light, dark, or as the system; the page's root carries which one it is.

import { computed, ref, watchEffect } from "vue";
import { kept } from "@/surroundings/kept.ts";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const system = matchMedia("(prefers-color-scheme: dark)");
const isSystemDark = ref(system.matches);
system.addEventListener("change", (event) => {
  isSystemDark.value = event.matches;
});

/** What the user has chosen. */
export const theme = kept<Theme>("theme", THEMES, "system");

/** What it comes to. */
export const isDark = computed(() =>
  theme.value === "system" ? isSystemDark.value : theme.value === "dark",
);

watchEffect(() => {
  document.documentElement.dataset["theme"] = isDark.value ? "dark" : "light";
});
