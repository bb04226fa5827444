import assert from "node:assert/strict";
import { test } from "node:test";

import { BROADCASTS } from "../src/messages.ts";
import { Subscription, wishData } from "../src/subscription.ts";

const place = { epoch: "e", seq: 7 };

test("who asks for nothing says nothing, and goes on after its place", () => {
  const subscription = new Subscription();

  assert.equal(subscription.isEmpty, true);
  assert.deepEqual(subscription.opening(null), []);
  assert.deepEqual(subscription.opening(place), [{ since: { epoch: "e", seq: 7 } }]);
});

test("the first wish narrows, later ones add, nothing twice", () => {
  const subscription = new Subscription()
    .with({ eventTypes: ["alert"], projects: ["shop"] })
    .with({ eventTypes: ["alert", "posco_event"], projects: ["shop", "blog"], deploymentIds: ["1"] });

  assert.equal(subscription.isEmpty, false);
  assert.deepEqual(subscription.opening(null), [
    {
      event_types: ["alert", "posco_event"],
      projects: ["shop", "blog"],
      deployment_ids: ["1"],
    },
  ]);
});

test("a filter takes the place of the former one, the others stay", () => {
  const subscription = new Subscription()
    .with({ alertLevels: ["error"], logLevels: ["INFO"] })
    .with({ alertLevels: ["critical"] })
    .with({ logLevels: [] });

  assert.deepEqual(subscription.opening(null), [
    { filters: { alert_levels: ["critical"], log_levels: [] } },
  ]);
});

test("a wish without types leaves them as they are, one for no types narrows to none", () => {
  assert.equal(new Subscription().with({ projects: ["shop"] }).eventTypes, null);
  assert.deepEqual(new Subscription(["alert"]).with({ eventTypes: [] }).eventTypes, ["alert"]);
  assert.deepEqual(new Subscription().with({ eventTypes: [] }).opening(null), [{ event_types: [] }]);
});

test("to end types before any wish means all but those", () => {
  const subscription = new Subscription().without({ eventTypes: ["log_update"] });

  assert.deepEqual(
    subscription.eventTypes,
    BROADCASTS.filter((type) => type !== "log_update"),
  );
});

test("to end types before any wish asks for the rest by name", () => {
  const ended = { eventTypes: ["alert"], projects: ["shop"] };

  assert.deepEqual(new Subscription().ending(ended), [
    { type: "subscribe", wish: { eventTypes: BROADCASTS.filter((type) => type !== "alert") } },
    { type: "unsubscribe", wish: { projects: ["shop"] } },
  ]);
  assert.deepEqual(new Subscription(["alert"]).ending(ended), [
    { type: "unsubscribe", wish: ended },
  ]);
});

test("to end all types is told on a new line too", () => {
  const subscription = new Subscription(["alert"]).without({ eventTypes: ["alert"] });

  assert.deepEqual(subscription.opening(place), [{ event_types: [], since: place }]);
});

test("who takes back all names gets no deployment, not all of them", () => {
  const subscription = new Subscription()
    .with({ projects: ["shop"], deploymentIds: ["1"] })
    .without({ projects: ["shop"], deploymentIds: ["1"] });

  assert.deepEqual(subscription.opening(null), [{ projects: ["(no project)"] }]);
  assert.deepEqual(subscription.with({ projects: ["blog"] }).opening(null), [
    { projects: ["blog"] },
  ]);
});

test("many names are told in as many messages as a server takes", () => {
  const projects = Array.from({ length: 250 }, (_, number) => `p${number}`);
  const told = new Subscription(["alert"]).with({ projects, deploymentIds: ["1"] }).opening(place);

  assert.deepEqual(told.flatMap((data) => data["projects"]), projects);
  assert.deepEqual(told.map((data) => Object.keys(data).sort()), [
    ["deployment_ids", "event_types", "projects"],
    ["projects"],
    ["projects", "since"],
  ]);
});

test("answers are wanted whatever is subscribed", () => {
  const subscription = new Subscription(["alert"]);

  assert.equal(subscription.wants("alert"), true);
  assert.equal(subscription.wants("status_update"), false);
  assert.equal(subscription.wants("pong"), true);
  assert.equal(subscription.wants("connection_status"), true);
  assert.equal(new Subscription().wants("status_update"), true);
});

test("a wish on the wire has the document's names, and none for what it lacks", () => {
  assert.deepEqual(wishData({ eventTypes: ["log_update"], logLevels: ["ERROR"], serviceIds: ["a"] }), {
    event_types: ["log_update"],
    filters: { service_ids: ["a"], log_levels: ["ERROR"] },
  });
  assert.deepEqual(wishData({}), {});
});
