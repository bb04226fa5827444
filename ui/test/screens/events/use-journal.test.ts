// The list of the journal kept new, without moving what somebody reads.

import { flushPromises } from "@vue/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { effectScope, ref } from "vue";
import { useJournal } from "@/screens/events/use-journal.ts";

const POLL_MS = 3_000;

let newest: number;
let calls: URLSearchParams[];
let isDown: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  newest = 250;
  calls = [];
  isDown = false;
  vi.stubGlobal("fetch", (address: string) => {
    const said = new URL(address, "http://localhost").searchParams;
    calls.push(said);
    return isDown
      ? Promise.reject(new Error("no line"))
      : Promise.resolve(new Response(JSON.stringify(pageOf(said))));
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A journal of the seqs 1 to `newest`, as the server pages it. */
function pageOf(said: URLSearchParams): unknown {
  const limit = Number(said.get("limit"));
  const isUp = said.get("order") === "asc";
  const after = Number(said.get("after_seq") ?? 0);
  const before = Number(said.get("cursor") ?? newest + 1);
  const all = Array.from({ length: newest }, (_, at) => at + 1);
  const fitting = all.filter((seq) => seq > after && seq < before);
  const ordered = isUp ? fitting : fitting.reverse();
  const items = ordered.slice(0, limit);
  return {
    items: items.map((seq) => ({ seq, id: `e${seq}`, type: "t", data: null })),
    next_cursor: ordered.length > limit ? String(items.at(-1)) : null,
  };
}

async function open(isAtTop = () => true) {
  const scope = effectScope();
  const type = ref("");
  const journal = scope.run(() => useJournal(() => ({ type: type.value }), isAtTop));
  await flushPromises();
  if (journal === undefined) {
    throw new Error("no journal");
  }
  const seqs = () => journal.rows.value.map((row) => row.seq);
  return { journal, seqs, type, stop: () => scope.stop() };
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await flushPromises();
}

test("the newest page stands first, older ones follow when they are asked for", async () => {
  const { journal, seqs, stop } = await open();
  expect(seqs()).toHaveLength(100);
  expect(seqs()[0]).toBe(250);

  await journal.older();
  await journal.older();

  expect(seqs()).toHaveLength(250);
  expect(seqs().at(-1)).toBe(1);
  expect(journal.hasOlder.value).toBe(false);
  stop();
});

test("news come in by themselves while the top is in view", async () => {
  const { journal, seqs, stop } = await open();
  newest = 253;
  await pass(POLL_MS);

  expect(seqs().slice(0, 4)).toEqual([253, 252, 251, 250]);
  expect(journal.unseen.value).toBe(0);
  expect(journal.freshAfter.value).toBe(250);
  stop();
});

test("further down news wait until they are wanted", async () => {
  const { journal, seqs, stop } = await open(() => false);
  newest = 252;
  await pass(POLL_MS);
  newest = 253;
  await pass(POLL_MS);
  expect(seqs()[0]).toBe(250);
  expect(journal.unseen.value).toBe(3);

  journal.release();

  expect(seqs().slice(0, 4)).toEqual([253, 252, 251, 250]);
  stop();
});

test("after a flood the list begins anew instead of catching up page by page", async () => {
  const { seqs, stop } = await open();
  newest = 5_000;
  await pass(POLL_MS);

  expect(seqs()[0]).toBe(5_000);
  expect(seqs()).toHaveLength(100);
  stop();
});

test("an empty journal fills with its first events", async () => {
  newest = 0;
  const { seqs, stop } = await open();
  expect(seqs()).toEqual([]);

  newest = 2;
  await pass(POLL_MS);

  expect(seqs()).toEqual([2, 1]);
  stop();
});

test("other filters begin anew", async () => {
  const { type, seqs, stop } = await open();
  newest = 300;
  type.value = "step_*";
  await flushPromises();

  expect(calls.at(-1)?.get("type")).toBe("step_*");
  expect(seqs()[0]).toBe(300);
  stop();
});

test("what is there stays while the server is away, and goes on after", async () => {
  const { journal, seqs, stop } = await open();
  isDown = true;
  await pass(POLL_MS);
  expect(journal.problem.value?.status).toBe(0);
  expect(seqs()).toHaveLength(100);

  isDown = false;
  newest = 251;
  await pass(POLL_MS);

  expect(journal.problem.value).toBeNull();
  expect(seqs()[0]).toBe(251);
  stop();
});

test("older ones that are asked for during another call come after it", async () => {
  const { journal, seqs, stop } = await open();
  const polling = pass(POLL_MS);
  void journal.older();
  await polling;
  await flushPromises();

  expect(seqs().length).toBeGreaterThan(100);
  stop();
});
