// What a client wants to get, remembered so that each new line is told. Pure; counts as the
// server does.

import { BROADCASTS } from "./messages.ts";
import type { Place } from "./place.ts";

/** What to ask for; what is left out stays as it is. */
export interface Wish {
  /** The first that are named are all there are, later ones come in addition. */
  eventTypes?: readonly string[];
  /** These and the `deploymentIds` narrow deployments; an event of either is wanted. */
  projects?: readonly string[];
  deploymentIds?: readonly string[];
  /** These three take the place of the former ones; an empty list lets everything through. */
  serviceIds?: readonly string[];
  alertLevels?: readonly string[];
  logLevels?: readonly string[];
}

/** What to get no more. */
export type Unwish = Pick<Wish, "eventTypes" | "projects" | "deploymentIds">;

type Filters = Pick<Wish, "serviceIds" | "alertLevels" | "logLevels">;
type Named = Required<Pick<Wish, "projects" | "deploymentIds">>;

const FILTERS = {
  serviceIds: "service_ids",
  alertLevels: "alert_levels",
  logLevels: "log_levels",
} as const;

// To name no deployment means all of them, so who has taken back all names needs this one.
const NOBODY = "(no project)";

// A server takes so many names in one message.
const MAX_NAMES = 100;

export class Subscription {
  /** null until a first wish named types: all of them. */
  readonly eventTypes: readonly string[] | null;
  /** null until a first wish named any: all deployments. */
  readonly #named: Named | null;
  readonly #filters: Filters;

  constructor(
    eventTypes: readonly string[] | null = null,
    named: Named | null = null,
    filters: Filters = {},
  ) {
    this.eventTypes = eventTypes;
    this.#named = named;
    this.#filters = filters;
  }

  /** Whether nothing was ever asked for. */
  get isEmpty(): boolean {
    return this.opening(null).length === 0;
  }

  with(wish: Wish): Subscription {
    const { eventTypes, projects, deploymentIds } = wish;
    const types =
      eventTypes === undefined ? this.eventTypes : joined(this.eventTypes ?? [], eventTypes);
    const named =
      projects?.length || deploymentIds?.length
        ? {
            projects: joined(this.#named?.projects ?? [], projects ?? []),
            deploymentIds: joined(this.#named?.deploymentIds ?? [], deploymentIds ?? []),
          }
        : this.#named;
    const filters = { ...this.#filters };
    for (const name of Object.keys(FILTERS) as (keyof Filters)[]) {
      if (wish[name] !== undefined) {
        filters[name] = wish[name];
      }
    }
    return new Subscription(types, named, filters);
  }

  without(unwish: Unwish): Subscription {
    const types = unwish.eventTypes?.length
      ? lessened(this.eventTypes ?? BROADCASTS, unwish.eventTypes)
      : this.eventTypes;
    const named = this.#named && {
      projects: lessened(this.#named.projects, unwish.projects),
      deploymentIds: lessened(this.#named.deploymentIds, unwish.deploymentIds),
    };
    return new Subscription(types, named, this.#filters);
  }

  /**
   * What to say for `without`. Before any types were named the rest is asked for by name: a
   * server would take a later `subscribe` for the first one, and whether it is must not depend
   * on when lines break.
   */
  ending(unwish: Unwish): { type: "subscribe" | "unsubscribe"; wish: Wish }[] {
    if (!unwish.eventTypes?.length || this.eventTypes !== null) {
      return [{ type: "unsubscribe", wish: unwish }];
    }
    const { eventTypes, ...names } = unwish;
    const rest = lessened(BROADCASTS, eventTypes);
    return [
      { type: "subscribe", wish: { eventTypes: rest } },
      ...(Object.keys(wishData(names)).length
        ? [{ type: "unsubscribe" as const, wish: names }]
        : []),
    ];
  }

  /** Whether a message of this type may be one that is wanted; a greeting always is. */
  wants(type: string): boolean {
    const isBroadcast = (BROADCASTS.slice(0, -1) as readonly string[]).includes(type);
    return this.eventTypes === null || !isBroadcast || this.eventTypes.includes(type);
  }

  /** The data of each `subscribe` for a new line; the last one goes on after `place`. */
  opening(place: Place | null): Record<string, unknown>[] {
    const said = this.#data();
    if (place !== null) {
      const last = said.at(-1) as Record<string, unknown>;
      last["since"] = { epoch: place.epoch, seq: place.seq };
    }
    return said.filter((data) => Object.keys(data).length);
  }

  #data(): Record<string, unknown>[] {
    const { projects, deploymentIds } = this.#named ?? { projects: [], deploymentIds: [] };
    const count = Math.max(projects.length, deploymentIds.length);
    const named = (from: number): Wish => ({
      projects: projects.slice(from, from + MAX_NAMES),
      deploymentIds: deploymentIds.slice(from, from + MAX_NAMES),
    });
    const names = this.#named !== null && count === 0 ? { projects: [NOBODY] } : named(0);
    const types = this.eventTypes === null ? {} : { eventTypes: this.eventTypes };
    const said = [wishData({ ...types, ...names, ...this.#filters })];
    for (let from = MAX_NAMES; from < count; from += MAX_NAMES) {
      said.push(wishData(named(from)));
    }
    return said;
  }
}

/** A wish as the data of a `subscribe` or `unsubscribe` message. */
export function wishData(wish: Wish): Record<string, unknown> {
  const { eventTypes, projects, deploymentIds, ...rest } = wish;
  const filters: Record<string, unknown> = {};
  for (const [name, onTheWire] of Object.entries(FILTERS)) {
    const list = rest[name as keyof Filters];
    if (list !== undefined) {
      filters[onTheWire] = [...list];
    }
  }
  return {
    ...(eventTypes && { event_types: [...eventTypes] }),
    ...(projects?.length && { projects: [...projects] }),
    ...(deploymentIds?.length && { deployment_ids: [...deploymentIds] }),
    ...(Object.keys(filters).length && { filters }),
  };
}

function joined(have: readonly string[], more: readonly string[]): readonly string[] {
  return [...new Set([...have, ...more])];
}

function lessened(have: readonly string[], less: readonly string[] | undefined): readonly string[] {
  return less === undefined ? have : have.filter((one) => !less.includes(one));
}
