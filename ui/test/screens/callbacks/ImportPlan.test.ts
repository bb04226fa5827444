// What becomes of each callback and template that is put in.

import { expect, test } from "vitest";
import { h } from "vue";
import type { Exported, ImportResult } from "@/api/many-shapes.ts";
import ImportPlan from "@/screens/callbacks/ImportPlan.vue";
import { opened } from "../../opened.ts";

function result(index: number, other: Partial<ImportResult> = {}): ImportResult {
  return { index, name: "", project_id: "shop", action: "created", id: null, errors: [], ...other };
}

async function names(callbacks: unknown[], results: ImportResult[], templates: ImportResult[] = []) {
  const exported = { format: "tocsin.callbacks", callbacks, templates: [] } as unknown as Exported;
  const plan = { imported: false, results, templates };
  const { shown } = await opened({ render: () => h(ImportPlan, { plan, exported }) }, "/callbacks");
  return shown.findAll("strong").map((one) => one.text());
}

test("one without a name is called by its channels, as in the list", async () => {
  const channels = [{ type: "feishu" }, { type: "email" }, { type: "feishu" }];

  expect(await names([{ name: "News", channels }, { channels }], [result(0, { name: "News" }), result(1)])).toEqual([
    "News",
    "Feishu, Email",
  ]);
});

test("a template without a name is not called by a callback's channels", async () => {
  expect(await names([{ channels: [{ type: "feishu" }] }], [], [result(0)])).toEqual(["Without a name"]);
});

test("a file may hold anything where channels are expected", async () => {
  const odd = [null, 1, {}, { channels: "x" }, { channels: [null, 1, { type: 2 }] }];
  const refused = odd.map((_, index) => result(index, { action: "refused" }));

  expect(await names(odd, refused)).toEqual(odd.map(() => "Without a name"));
});
