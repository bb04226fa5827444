// All texts in Russian: one file of `ru/` for each part of the screens.

import { dateRuRU, ruRU } from "naive-ui";
import { gathered } from "@/texts/gathered.ts";

const files = import.meta.glob<Record<string, unknown>>("./ru/*.json", {
  eager: true,
  import: "default",
});

export default { texts: gathered(files), naive: ruRU, naiveDates: dateRuRU };
