// All texts in English: one file of `en/` for each part of the screens.

import { dateEnUS, enUS } from "naive-ui";
import { gathered } from "@/texts/gathered.ts";

const files = import.meta.glob<Record<string, unknown>>("./en/*.json", {
  eager: true,
  import: "default",
});

export default { texts: gathered(files), naive: enUS, naiveDates: dateEnUS };
