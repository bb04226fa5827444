// The part of the API that answers {code, data, msg}.

import { afterEach, expect, it, vi } from "vitest";
import { Problem } from "@/api/call.ts";
import { changeRelease, readRelease } from "@/api/release.ts";
import { enveloped, served } from "../opened.ts";

afterEach(() => vi.unstubAllGlobals());

it("takes the data out of its envelope", async () => {
  const calls = served({ "GET /api/v1/release/callbacks": enveloped({ total: 3 }) });

  expect(await readRelease("/callbacks", { q: "a", project_id: null })).toEqual({ total: 3 });
  expect(calls[0]?.path).toBe("/api/v1/release/callbacks?q=a");
});

it("tells what was refused in the sentence of the answer, with its fields", async () => {
  const errors = [{ field: "channels.0.type", message: "there is no such channel" }];
  const refused = { code: 3422, data: null, msg: "channels.0.type: no", errors };
  vi.stubGlobal("fetch", () =>
    Promise.resolve(new Response(JSON.stringify(refused), { status: 422 })),
  );

  const problem = await changeRelease("PUT", "/callbacks/1", {}).catch((error: unknown) => error);

  expect(problem).toBeInstanceOf(Problem);
  expect((problem as Problem).message).toBe("channels.0.type: no");
  expect((problem as Problem).fields).toEqual(errors);
});
