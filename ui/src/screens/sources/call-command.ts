// A call that came in as a `curl` command, to send it once more. Pure but for where the page stands.

import { shellWord } from "@/api/curl.ts";
import type { WholeSourceCall } from "@/api/source-shapes.ts";
import { fullAddress } from "@/surroundings/prefix.ts";

// What curl says by itself, or a proxy on the way has added.
const NOT_SENT =
  /^(host|content-length|connection|accept-encoding|transfer-encoding|expect|via|forwarded|x-forwarded-.*|x-real-ip)$/;

type Sent = Pick<
  WholeSourceCall,
  "method" | "path" | "headers" | "query" | "body" | "body_base64"
>;

/** Masked texts are in it as they are shown: who sends it puts in what they stand for. */
export function commandOf(call: Sent): string {
  const query = new URLSearchParams(call.query).toString();
  const path = call.path.split("?")[0] ?? call.path;
  const url = shellWord(fullAddress(query === "" ? path : `${path}?${query}`));
  const headers = Object.entries(call.headers)
    .filter(([name]) => !NOT_SENT.test(name.toLowerCase()))
    .map(([name, value]) => `-H ${shellWord(`${name}: ${value}`)}`);
  const command = `curl -X ${call.method} ${url}`;
  if (call.body === null && call.body_base64) {
    const words = [command, ...headers, "--data-binary @-"].join(" \\\n  ");
    return `echo ${shellWord(call.body_base64)} | base64 -d | ${words}`;
  }
  const body = call.body ? [`--data-binary ${shellWord(call.body)}`] : [];
  return [command, ...headers, ...body].join(" \\\n  ");
}
