// What to paste into a shell to see a first deployment here. Pure but for where the page stands.

import { curlOf } from "@/api/curl.ts";
import { fullAddress } from "@/surroundings/prefix.ts";

/** Where `tocsin demo` sends to when it is told nothing else. */
const USUAL_SERVER = "http://127.0.0.1:8000";

/** A message that begins a deployment, as a command. */
export function firstMessage(now: Date, needsToken: boolean): string {
  const body = {
    type: "step_started",
    project: "shop",
    deployment_id: "42",
    step_name: "Build",
    timestamp: now.toISOString(),
  };
  return curlOf("/api/webhooks/deployment", {}, { method: "POST", body, needsToken });
}

/** The command that plays a whole deployment against this server. */
export function demoCommand(): string {
  const server = fullAddress("");
  return server === USUAL_SERVER ? "tocsin demo" : `tocsin demo --url ${server}`;
}
