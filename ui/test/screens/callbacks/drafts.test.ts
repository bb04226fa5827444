// A callback while it is being edited.

import { expect, it } from "vitest";
import { draftOf, faultAt, newChannel, newDraft, wantedOf } from "@/screens/callbacks/drafts.ts";
import { callback, channel } from "./made.ts";

const ZONE = "Asia/Shanghai";

it("sends back what was stored, masked secrets as they were shown", () => {
  const quiet = { zone: "UTC", from: "22:00", to: "08:00", but: ["alert.firing"] };
  const stored = callback({ quiet_hours: quiet, condition: "event.seq > 3" });

  const wanted = wantedOf(draftOf(stored, ZONE));

  expect(wanted).toEqual({
    project_id: "shop",
    name: "Release news",
    enabled: true,
    channels: [
      { id: "ch1", type: "feishu", enabled: true, config: channel().config, template_id: null },
    ],
    events: ["canary_*"],
    condition: "event.seq > 3",
    language: "en",
    quiet_hours: quiet,
    grouping: null,
  });
});

it("does not change what is stored", () => {
  const stored = callback();
  const draft = draftOf(stored, ZONE);

  draft.events.push("x");
  draft.channels[0]!.config["webhook_url"] = "y";

  expect(stored.events).toEqual(["canary_*"]);
  expect(stored.channels[0]?.config).toEqual(channel().config);
});

it("sends hours of quiet and grouping only where they are ticked", () => {
  const draft = newDraft("*", "zh", ZONE);
  expect(wantedOf(draft)).toMatchObject({ quiet_hours: null, grouping: null, project_id: "*" });

  draft.hasQuietHours = true;
  draft.isGrouped = true;

  expect(wantedOf(draft).quiet_hours).toMatchObject({ zone: ZONE, from: "22:00" });
  expect(wantedOf(draft).grouping).toMatchObject({ by: ["project", "event_type"] });
});

it("tells channels apart that were added", () => {
  const [one, other] = [newChannel("slack"), newChannel("slack")];

  expect(one.key).not.toBe(other.key);
  expect(wantedOf({ ...newDraft("a", "en", ZONE), channels: [one] }).channels[0]).not.toHaveProperty("id");
});

it("finds what is wrong with a field, and with what is in it", () => {
  const faults = [
    { field: "channels.0.config.headers.X", message: "is required" },
    { field: "channels.01", message: "no" },
  ];

  expect(faultAt(faults, "channels.0.config.headers")).toBe("is required");
  expect(faultAt(faults, "channels.0.config.url")).toBeUndefined();
});
