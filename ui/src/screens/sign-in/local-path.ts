// Where to go after a sign-in: an address of ours, whatever the link said. Pure.

/** `said` if it is a path under this very place; else the start. */
export function localPath(said: unknown): string {
  const isPath = typeof said === "string" && /^\/(?![/\\])/.test(said);
  return isPath && !said.startsWith("/sign-in") ? said : "/";
}
