// Which events there are to choose from, and what a list of types and patterns comes to. Pure.

export interface EventGroup {
  name: "release" | "deployment" | "training" | "alert" | "tocsin";
  types: readonly string[];
}

/** Whole log lines and progress are left out: nobody wants to be told of each. A pattern takes them. */
export const EVENT_GROUPS: readonly EventGroup[] = [
  { name: "release", types: ["canary_started", "canary_completed", "full_completed"] },
  {
    name: "deployment",
    types: [
      "deployment_completed",
      "step_started",
      "step_completed",
      "step_failed",
      "deployment.stalled",
      "deployment.running_long",
    ],
  },
  {
    name: "training",
    types: ["training.completed", "training.failed", "training.cancelled"],
  },
  { name: "alert", types: ["alert.firing", "alert.resolved"] },
  {
    name: "tocsin",
    types: ["source.rejected", "destination.paused", "destination.resumed", "setting.changed"],
  },
];

export const KNOWN_TYPES: readonly string[] = EVENT_GROUPS.flatMap(({ types }) => types);

/** The key of the text for a type, in which a dot would begin a branch. */
export function typeKey(type: string): string {
  return `callbacks.types.${type.replace(".", "_")}`;
}

/** Whether a pattern takes a type; `*` stands for any letters. */
export function takes(pattern: string, type: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(type);
}

/** Patterns and types of others: what has no box of its own to tick. */
export function ownPatterns(events: readonly string[]): string[] {
  return events.filter((one) => !KNOWN_TYPES.includes(one));
}

/** Known types that a pattern among `events` takes already. */
export function coveredBy(events: readonly string[], type: string): string | null {
  return events.find((one) => one !== type && one.includes("*") && takes(one, type)) ?? null;
}

/** Types to show examples of: known ones that are told, else what is named itself. */
export function exampleTypes(events: readonly string[]): string[] {
  if (events.length === 0) {
    return [...KNOWN_TYPES];
  }
  const known = KNOWN_TYPES.filter((type) => events.some((one) => takes(one, type)));
  const others = events.filter((one) => !one.includes("*") && !known.includes(one));
  const named = [...known, ...others];
  return named.length > 0 ? named : [KNOWN_TYPES[0] as string];
}
