import { flushPromises, mount } from "@vue/test-utils";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createI18n } from "vue-i18n";
import { Problem } from "@/api/call.ts";
import StartProblem from "@/frame/StartProblem.vue";

const i18n = createI18n({ legacy: false, locale: "en", missingWarn: false, fallbackWarn: false });

beforeEach(() => {
  vi.useFakeTimers();
});

describe("a start without a server", () => {
  it("says why, tries again by itself, and ends when the server answers", async () => {
    const refusal = { reason: "store_down", detail: "the disk is away" };
    const session = { role: "none", name: "", kind: "nobody", csrf: null };
    const answers = [Response.json(refusal, { status: 503 }), Response.json(session)];
    vi.stubGlobal("fetch", () => Promise.resolve(answers.shift()));
    const first = new Problem(0, "unreachable", "refused");
    const shown = mount(StartProblem, { props: { first }, global: { plugins: [i18n] } });
    expect(shown.text()).toContain("refused");

    await vi.advanceTimersByTimeAsync(3_000);
    await flushPromises();
    expect(shown.text()).toContain("the disk is away");
    expect(shown.emitted("over")).toBeUndefined();

    await vi.advanceTimersByTimeAsync(3_000);
    expect(shown.emitted("over")).toHaveLength(1);
  });
});
