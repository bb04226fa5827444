// Whether what is shown is live, in words.

import { mount } from "@vue/test-utils";
import { beforeEach, expect, test, vi } from "vitest";
import type { Ref } from "vue";
import { createI18n } from "vue-i18n";
import LinkNote from "@/frame/LinkNote.vue";
import { linkLostAt, linkRetryAt, linkState, type LinkState } from "@/live/link.ts";
import en from "@/texts/en.ts";

const NOW = Date.parse("2026-01-01T12:00:00Z");

// The line itself is tested with its client; here it stands as a test says.
vi.mock("@/live/link.ts", async () => {
  const { ref } = await import("vue");
  return {
    ...{ linkState: ref("live"), linkLostAt: ref(null), linkCaughtUp: ref(null) },
    linkRetryAt: vi.fn(() => null),
  };
});

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});

function shown(state: LinkState, lostAt: number | null = null, retryAt: number | null = null) {
  (linkState as Ref<LinkState>).value = state;
  (linkLostAt as Ref<number | null>).value = lostAt;
  vi.mocked(linkRetryAt).mockReturnValue(retryAt);
  const i18n = createI18n({ legacy: false, locale: "en", messages: { en: en.texts as never } });
  return mount(LinkNote, { global: { plugins: [i18n] } });
}

test("a line that stands is live", () => {
  expect(shown("live").text()).toBe("Live");
});

test("one that is lost tells since when, and when the next try is", () => {
  const note = shown("waiting", NOW - 12_000, NOW + 5_000);

  expect(note.text()).toBe("Not live for 12 sec · next try in 5 sec");
  // Not each second anew.
  expect(note.find('[role="status"]').text()).toBe("Not live");
});

test("nothing is told of a next try while one is under way", () => {
  expect(shown("waiting", NOW - 12_000).text()).toBe("Not live for 12 sec");
});
