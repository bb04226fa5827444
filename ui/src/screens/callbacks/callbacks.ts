// How callbacks and destinations stand: which look each needs, and in which order. Pure.

import type { Callback, Destination } from "@/api/callback-shapes.ts";
import type { MarkKind } from "@/parts/status.ts";

/** `silent`: nothing was sent yet. `off`: it is switched off, or all of its channels are. */
export type Standing = "paused" | "failing" | "waiting" | "working" | "silent" | "off";

export const MARKS: Readonly<Record<Standing, MarkKind>> = {
  paused: "stalled",
  failing: "failed",
  waiting: "retrying",
  working: "success",
  silent: "pending",
  off: "cancelled",
};

const ORDER: readonly Standing[] = ["failing", "paused", "waiting", "working", "silent", "off"];

type Standable = Pick<Callback, "enabled" | "state" | "channels">;

export function standingOf({ enabled, state, channels }: Standable): Standing {
  if (!enabled || !channels.some((channel) => channel.enabled)) {
    return "off";
  }
  if (state.paused) {
    return "paused";
  }
  const { last } = state;
  if (last === null) {
    return "silent";
  }
  const [failed, pending] = [last.status === "failed", last.status === "pending"];
  return failed ? "failing" : pending ? "waiting" : "working";
}

/** What fails first; what stands alike by project and name. */
export function sorted(callbacks: readonly Callback[]): Callback[] {
  return callbacks.toSorted(
    (one, other) =>
      ORDER.indexOf(standingOf(one)) - ORDER.indexOf(standingOf(other)) ||
      one.project_id.localeCompare(other.project_id) ||
      one.name.localeCompare(other.name),
  );
}

/** Each kind of channel once, in the order of the callback. */
export function channelTypes({ channels }: Pick<Callback, "channels">): string[] {
  return [...new Set(channels.map(({ type }) => type))];
}

export type DestinationStanding = "paused" | "failing" | "held" | "working";

export const DESTINATION_MARKS: Readonly<Record<DestinationStanding, MarkKind>> = {
  paused: "stalled",
  failing: "failed",
  held: "retrying",
  working: "success",
};

export function destinationStanding(one: Destination, now: number): DestinationStanding {
  if (one.paused) {
    return "paused";
  }
  if (one.failures > 0) {
    return "failing";
  }
  return one.held_until !== null && Date.parse(one.held_until) > now ? "held" : "working";
}

const DESTINATION_ORDER: readonly DestinationStanding[] = ["paused", "failing", "held", "working"];

/** What needs a look first, then by what waits. */
export function inOrder(destinations: readonly Destination[], now: number): Destination[] {
  const rank = (one: Destination): number => DESTINATION_ORDER.indexOf(destinationStanding(one, now));
  return destinations.toSorted(
    (one, other) =>
      rank(one) - rank(other) ||
      other.waiting - one.waiting ||
      one.label.localeCompare(other.label),
  );
}
