import assert from "node:assert/strict";
import { test } from "node:test";

import { watchSurroundings } from "../src/surroundings.ts";
import { inBrowser } from "./browser.ts";

test("a network or a page that is back, and a network that is gone, are told", (context) => {
  const { window, page } = inBrowser(context);
  const seen: string[] = [];
  const end = watchSurroundings(
    () => seen.push("back"),
    () => seen.push("doubt"),
  );

  window.dispatchEvent(new Event("offline"));
  window.dispatchEvent(new Event("online"));
  page.hidden = true;
  page.dispatchEvent(new Event("visibilitychange"));
  page.hidden = false;
  page.dispatchEvent(new Event("visibilitychange"));
  end();
  window.dispatchEvent(new Event("online"));

  assert.deepEqual(seen, ["doubt", "back", "back"]);
});

test("without a browser there is nothing to watch", () => {
  watchSurroundings(
    () => assert.fail(),
    () => assert.fail(),
  )();
});
