// As much of a browser as the client looks at.

import type { TestContext } from "node:test";

export class Page extends EventTarget {
  hidden = false;
}

/** Give this test a window and a document. */
export function inBrowser(context: TestContext): { window: EventTarget; page: Page } {
  const window = new EventTarget();
  const page = new Page();
  Object.assign(globalThis, { window, document: page });
  context.after(() => {
    Reflect.deleteProperty(globalThis, "window");
    Reflect.deleteProperty(globalThis, "document");
  });
  return { window, page };
}
