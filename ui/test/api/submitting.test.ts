import { describe, expect, it, vi } from "vitest";
import { Problem } from "@/api/call.ts";
import { useSubmitting } from "@/api/submitting.ts";

describe("submitting", () => {
  it("sends once, however often the button is pressed meanwhile", async () => {
    let done = (): void => undefined;
    const work = vi.fn(() => new Promise<void>((resolve) => (done = resolve)));
    const { isBusy, submit } = useSubmitting(work);
    const first = submit();
    await submit();
    expect(isBusy.value).toBe(true);
    done();
    await first;

    expect(work).toHaveBeenCalledTimes(1);
    expect(isBusy.value).toBe(false);
  });

  it("keeps what the server found wrong until the next try", async () => {
    const work = vi.fn<() => Promise<void>>();
    work.mockRejectedValueOnce(new Problem(409, "exists", "taken")).mockResolvedValueOnce();
    const { problem, submit } = useSubmitting(work);
    await submit();
    expect(problem.value?.message).toBe("taken");
    await submit();

    expect(problem.value).toBeNull();
  });

  it("hides no fault of ours", async () => {
    const { isBusy, submit } = useSubmitting(() => Promise.reject(new TypeError("x")));

    await expect(submit()).rejects.toThrow(TypeError);
    expect(isBusy.value).toBe(false);
  });
});
