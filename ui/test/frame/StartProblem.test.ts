import { flushPromises, mount } from "@vue/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createI18n } from "vue-i18n";
import { Problem } from "@/api/call.ts";
import StartProblem from "@/frame/StartProblem.vue";

const { renewSession } = vi.hoisted(() => ({ renewSession: vi.fn() }));
vi.mock("@/api/session.ts", () => ({ renewSession }));

const i18n = createI18n({ legacy: false, locale: "en", missingWarn: false, fallbackWarn: false });

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("a start without a server", () => {
  it("says why, tries again by itself, and ends when the server answers", async () => {
    renewSession.mockRejectedValueOnce(new Problem(503, "store_down", "the disk is away"));
    renewSession.mockResolvedValue(undefined);
    const first = new Problem(0, "unreachable", "refused");
    const shown = mount(StartProblem, { props: { first }, global: { plugins: [i18n] } });
    expect(shown.text()).toContain("refused");

    await vi.advanceTimersByTimeAsync(3_000);
    await flushPromises();
    expect(shown.text()).toContain("the disk is away");
    expect(shown.emitted("over")).toBeUndefined();

    await vi.advanceTimersByTimeAsync(3_000);
    expect(shown.emitted("over")).toHaveLength(1);
    shown.unmount();
  });
});
