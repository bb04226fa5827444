// All texts in Korean: one file of `ko/` for each part of the screens.

import { dateKoKR, koKR } from "naive-ui";
import { gathered } from "@/texts/gathered.ts";

const files = import.meta.glob<Record<string, unknown>>("./ko/*.json", {
  eager: true,
  import: "default",
});

export default { texts: gathered(files), naive: koKR, naiveDates: dateKoKR };
