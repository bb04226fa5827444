// Around each test: what one leaves behind is gone before the next, as all share one page.

import { config, disableAutoUnmount, enableAutoUnmount } from "@vue/test-utils";
import { afterEach, vi } from "vitest";
import { renewSession } from "@/api/session.ts";

const NOBODY = { role: "none", name: "", kind: "nobody", csrf: null };

// Thrown through Vue, an error would leave it inside of that component for all tests after it.
const errors: unknown[] = [];
config.global.config.errorHandler = (error) => errors.push(error);

// Of these the last runs first.
afterEach(() => {
  const [first] = errors.splice(0);
  if (first !== undefined) {
    throw first;
  }
});

afterEach(async () => {
  vi.useRealTimers();
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json(NOBODY)));
  await renewSession();
  document.body.replaceChildren();
  localStorage.clear();
});

// A hook is one file's, and this is read for each file; the library knows of one hook only.
disableAutoUnmount();
enableAutoUnmount(afterEach);
