// The `curl` command behind a screen: what it holds, and that a shell reads it as it is meant.

import { execFileSync } from "node:child_process";
import { afterEach, describe, expect, it, vi } from "vitest";
import { useCsrf } from "@/api/call.ts";
import { curlOf, shellWord } from "@/api/curl.ts";
import { renewSession } from "@/api/session.ts";

const ORIGIN = location.origin;

/** The words that a shell makes of a command. */
function wordsOf(command: string): string[] {
  const script = `curl() { for word; do printf '%s\\0' "$word"; done; }\n${command}`;
  const env = { ...process.env, TOCSIN_TOKEN: "its-token" };
  return execFileSync("sh", ["-c", script], { encoding: "utf8", env }).split("\0").slice(0, -1);
}

async function be(kind: "local" | "session"): Promise<void> {
  const said = JSON.stringify({ role: "admin", name: "ada", kind, csrf: null });
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(said)));
  await renewSession();
}

afterEach(() => {
  vi.unstubAllGlobals();
  useCsrf(null);
});

describe("the command of a call", () => {
  it("is the whole address in quotes for a caller on the server's own machine", async () => {
    await be("local");

    expect(curlOf("/api/v1/deployments", { status: ["failed", "running"], q: "a b", limit: 2 })).toBe(
      `curl '${ORIGIN}/api/v1/deployments?status=failed&status=running&q=a+b&limit=2'`,
    );
  });

  it("leaves out what is empty", () => {
    expect(curlOf("/api/v1/events", { q: "", since: null, type: undefined, source: [] })).toBe(
      `curl '${ORIGIN}/api/v1/events'`,
    );
  });

  it("names a token, and never the cookie, for who is signed in", async () => {
    await be("session");

    const words = wordsOf(curlOf("/api/v1/projects"));

    expect(words).toEqual([`${ORIGIN}/api/v1/projects`, "-H", "Authorization: Bearer its-token"]);
  });

  it("asks for a token or not where the caller knows better", async () => {
    await be("local");

    expect(curlOf("/api/v1/projects", {}, { needsToken: true })).toContain("$TOCSIN_TOKEN");
  });

  it("sends what is changed as JSON, on lines of its own", async () => {
    await be("local");
    const body = { name: "it's $HOME `id` \\ \"!\"", text: "部署\nдва" };

    const words = wordsOf(curlOf("/api/v1/tokens", {}, { method: "POST", body }));

    expect(words.slice(0, 5)).toEqual([
      "-X",
      "POST",
      `${ORIGIN}/api/v1/tokens`,
      "-H",
      "Content-Type: application/json",
    ]);
    expect(words[5]).toBe("-d");
    expect(JSON.parse(words[6] ?? "")).toEqual(body);
  });

  it("keeps quotes in a path from ending the word", () => {
    const path = `/api/v1/deployments/${encodeURIComponent("it's; rm -rf $HOME")}`;

    expect(wordsOf(curlOf(path))).toEqual([`${ORIGIN}${path}`]);
  });
});

describe("a word for a shell", () => {
  it.each(["", "plain", "it's", "''", "$(id) `id` \\ \" ! *", "line\nline", "部署"])("keeps %j", (text) => {
    expect(wordsOf(`curl ${shellWord(text)}`)).toEqual([text]);
  });
});
