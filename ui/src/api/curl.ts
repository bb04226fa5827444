// The call behind a screen as a `curl` command: pasted into a shell, it does what the screen does.

import { address, type Query } from "@/api/call.ts";
import { isSignedIn } from "@/api/session.ts";
import { fullAddress } from "@/surroundings/prefix.ts";

export interface CurlOptions {
  method?: string;
  /** Sent as JSON. */
  body?: unknown;
  /** Whether a token has to be shown; by default as who looks has to. */
  needsToken?: boolean;
}

/**
 * The command for `path`, such as `/api/v1/events`, on this server.
 *
 * The cookie of who is signed in must not get into a shell's history, so the command names a
 * variable with a token; a caller on the server's own machine needs none.
 */
export function curlOf(path: string, query: Query = {}, options: CurlOptions = {}): string {
  const { method = "GET", body, needsToken = isSignedIn.value } = options;
  const url = shellWord(fullAddress(address(path, query)));
  const words = [method === "GET" ? `curl ${url}` : `curl -X ${method} ${url}`];
  if (needsToken) {
    // In double quotes, since the shell is to put the token in.
    words.push('-H "Authorization: Bearer $TOCSIN_TOKEN"');
  }
  if (body !== undefined) {
    words.push("-H 'Content-Type: application/json'", `-d ${shellWord(JSON.stringify(body, null, 2))}`);
  }
  return words.join(body === undefined ? " " : " \\\n  ");
}

/** One word for a POSIX shell, whatever is in it. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
