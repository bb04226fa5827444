// Which settings fit what is looked for. Pure.

import type { Setting } from "@/api/shapes.ts";

export function fitting(
  settings: readonly Setting[],
  text: string,
  isChangedOnly: boolean,
): Setting[] {
  const wanted = text.trim().toLowerCase();
  return settings.filter(
    ({ key, value, origin, description }) =>
      !(isChangedOnly && origin === "default") &&
      [key, value, description].some((said) => said.toLowerCase().includes(wanted)),
  );
}
