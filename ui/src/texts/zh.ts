// All texts in Chinese: one file of `zh/` for each part of the screens.

import { dateZhCN, zhCN } from "naive-ui";
import { gathered } from "@/texts/gathered.ts";

const files = import.meta.glob<Record<string, unknown>>("./zh/*.json", {
  eager: true,
  import: "default",
});

export default { texts: gathered(files), naive: zhCN, naiveDates: dateZhCN };
