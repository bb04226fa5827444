// What a browser says about its network and its page; silent where there is no browser.

interface Announcer {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/**
 * Call `back` when the network is there again or the page is looked at again, `doubt` when the
 * network is said to be gone. Both are hints: a browser without network may well reach a server
 * on its own machine. Gives a function that ends it.
 */
export function watchSurroundings(back: () => void, doubt: () => void): () => void {
  const page = announcer("document") as (Announcer & { hidden?: boolean }) | null;
  const seen = () => {
    if (page?.hidden === false) {
      back();
    }
  };
  const ends = [
    listen(announcer("window"), "online", back),
    listen(announcer("window"), "offline", doubt),
    listen(announcer("window"), "pageshow", seen),
    listen(page, "visibilitychange", seen),
  ];
  return () => {
    for (const end of ends) {
      end();
    }
  };
}

function listen(source: Announcer | null, type: string, listener: () => void): () => void {
  source?.addEventListener(type, listener);
  return () => source?.removeEventListener(type, listener);
}

function announcer(name: "window" | "document"): Announcer | null {
  const found = (globalThis as Record<string, unknown>)[name] as Announcer | undefined;
  return typeof found?.addEventListener === "function" ? found : null;
}
