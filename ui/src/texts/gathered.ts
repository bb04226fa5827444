// One tree of texts out of the files of a language: `./en/frame.json` is under `frame`.

export function gathered(files: Record<string, Record<string, unknown>>): Record<string, unknown> {
  const named = Object.entries(files).map(([path, texts]) => [
    path.replace(/^.*\/(.*)\.json$/, "$1"),
    texts,
  ]);
  return Object.fromEntries(named) as Record<string, unknown>;
}
