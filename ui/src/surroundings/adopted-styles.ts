// Puts Naive UI's styles into adopted style sheets, which the content policy lets through.
//
// The library writes <style> elements, and `style-src 'self'` blocks those. It asks an "adapter"
// for server rendering first, and gives it each style's text: this one makes a sheet of it. The
// layer keeps them below the app's own styles, whatever comes first.

interface Adapter {
  adapter: (id: string, style: string) => void;
  context: { ids: Set<string> };
}

const context = { ids: new Set<string>() };

function adopt(id: string, style: string): void {
  if (context.ids.has(id)) {
    return;
  }
  context.ids.add(id);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`@layer naive{${style}}`);
  document.adoptedStyleSheets.push(sheet);
}

/** What `@css-render/vue3-ssr` gives under this name; the build puts this file in its place. */
export function useSsrAdapter(): Adapter {
  return { adapter: adopt, context };
}
