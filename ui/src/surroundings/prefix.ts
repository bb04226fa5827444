// Under which address the screens stand: "" or, say, "/project-dashboard", as the server says.

const said = document.querySelector<HTMLMetaElement>('meta[name="tocsin-prefix"]')?.content ?? "";

/** Without a slash at its end. */
export const prefix = said.replace(/\/+$/, "");

/** The address of a path such as `/api/v1/session`, under the prefix. */
export function under(path: string): string {
  return `${prefix}${path}`;
}

/** The same as a whole address, for commands to copy. */
export function fullAddress(path: string): string {
  return `${location.origin}${prefix}${path}`;
}

/** Whether the host of an address is the machine itself, to which no token need be shown. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}
