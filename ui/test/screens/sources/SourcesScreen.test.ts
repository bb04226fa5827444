// The list of sources as a whole screen: what refuses, what is new, and one more set-up.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import SourcesScreen from "@/screens/sources/SourcesScreen.vue";
import { opened, pressed, served, signedInAs, typed } from "../../opened.ts";
import { secret, setup } from "./made.ts";

const PATH = "/api/v1/sources";
const REFUSING = setup({
  name: "team-a",
  addresses: ["/hooks/github/team-a"],
  stored: 214,
  rejected: 9,
  last_rejected_at: "2026-01-01T12:00:00Z",
  last_rejected_reason: "bad_signature",
  secrets: [secret()],
});

beforeEach(() => signedInAs("viewer"));
afterEach(() => vi.unstubAllGlobals());

function answers(...items: unknown[]) {
  return { [`GET ${PATH}`]: { items, next_cursor: null } };
}

test("what refuses calls stands first and says why", async () => {
  served(answers(setup({ kind: "slack", addresses: ["/hooks/slack"] }), REFUSING));
  const { shown } = await opened(SourcesScreen, "/sources");
  const row = shown.find("a.row");

  expect(row.text()).toContain("GitHub/team-a");
  expect(row.text()).toContain("The signature is wrong.");
  expect(row.find('[data-kind="failed"]').text()).toBe("Refusing");
  expect(row.attributes("href")).toBe("/sources/github/team-a");
  expect(shown.find("a.tile").text()).toContain("Slack");
  shown.unmount();
});

test("a reason that is not known is shown as the server says it", async () => {
  served(answers({ ...REFUSING, last_rejected_reason: "too_late" }));
  const { shown } = await opened(SourcesScreen, "/sources");

  expect(shown.find(".why").text()).toBe("too_late");
  shown.unmount();
});

test("only an administrator can make one more", async () => {
  served(answers(REFUSING));
  const { shown } = await opened(SourcesScreen, "/sources");

  expect(shown.text()).not.toContain("New set-up");
  shown.unmount();
});

test("the secret of a new one is shown once, then one goes on to it", async () => {
  await signedInAs("admin");
  const calls = served({
    ...answers(REFUSING),
    [`POST ${PATH}`]: { ...REFUSING, name: "team-b", secret: "whsec_x" },
  });
  const { shown, router } = await opened(SourcesScreen, "/sources");
  await pressed("New set-up");
  await typed("setup-name", "team-b");
  document.querySelector("form")?.dispatchEvent(new Event("submit"));
  await vi.waitFor(() => expect(document.body.textContent).toContain("whsec_x"));

  expect(calls.find(({ method }) => method === "POST")?.body).toEqual({
    kind: "github",
    name: "team-b",
  });
  await pressed("Done");
  await vi.waitFor(() => expect(router.currentRoute.value.path).toBe("/sources/github/team-b"));
  shown.unmount();
});
