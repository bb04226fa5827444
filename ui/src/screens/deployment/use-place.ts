// What the address of a deployment's screen says: whose, which run, which step, which instant.

import { computed } from "vue";
import { type LocationQueryValue, useRoute, useRouter } from "vue-router";

type Said = LocationQueryValue | LocationQueryValue[] | undefined;

/** What the address is to say; undefined takes it out. An empty step is the whole log, chosen. */
export interface Change {
  run?: number | undefined;
  step?: string | undefined;
  replay?: string | undefined;
  play?: undefined;
  hash?: string;
}

export function usePlace() {
  const route = useRoute();
  const router = useRouter();
  // While the screen is left, the route is already another one's.
  let id = String(route.params["id"] ?? "");

  const said = (name: string) => textOf(route.query[name]);
  return {
    id: computed(() => {
      if (route.name === "deployment") {
        id = String(route.params["id"]);
      }
      return id;
    }),
    project: computed(() => said("project") ?? null),
    run: computed(() => {
      const number = Number(said("run"));
      return Number.isInteger(number) && number > 0 ? number : null;
    }),
    /** The step whose log is shown; null for all of them. */
    step: computed(() => said("step") || null),
    /** Whether somebody decided for a step, or for all of them. */
    isStepSaid: computed(() => said("step") !== undefined),
    replayAt: computed(() => {
      const at = Date.parse(said("replay") ?? "");
      return Number.isNaN(at) ? null : at;
    }),
    plays: computed(() => said("play") !== undefined),
    hash: computed(() => route.hash),

    /** Go there; `replace`: without a way back to what stands there now. */
    async go({ hash, ...change }: Change, replace = false): Promise<void> {
      const query = { ...route.query };
      for (const [name, value] of Object.entries(change)) {
        if (value === undefined) {
          delete query[name];
        } else {
          query[name] = String(value);
        }
      }
      const to = { query, hash: hash ?? route.hash };
      await (replace ? router.replace(to) : router.push(to));
    },
  };
}

export type Place = ReturnType<typeof usePlace>;

function textOf(value: Said): string | undefined {
  const one = Array.isArray(value) ? value[0] : value;
  return one === null ? "" : one;
}
