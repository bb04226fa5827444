// The tries of a delivery.

import { expect, test } from "vitest";
import { h } from "vue";
import AttemptList from "@/deliveries/AttemptList.vue";
import { opened } from "../opened.ts";

const TRY = {
  ...{ at: "2026-01-01T12:00:00Z", duration_ms: 87, outcome: "later" as const, status: 503 },
  ...{ reason: "busy", error: "HTTP 503", requests: [], response: "", curl: "" },
};
const TRIES = [
  { ...TRY, number: 1 },
  { ...TRY, number: 2 },
];

test.each([
  [false, ["Again later", "Again later"]],
  [true, ["Given up", "Again later"]],
])("after the last one nothing comes: %s", async (isOver, words) => {
  const { shown } = await opened(
    { render: () => h(AttemptList, { attempts: TRIES, isOver }) },
    "/callbacks/history",
  );

  expect(shown.findAll(".mark").map((one) => one.text())).toEqual(words);
  shown.unmount();
});
