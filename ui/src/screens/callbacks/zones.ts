// The time zones to choose from, as the browser knows them.

/** This browser's own. */
export function ownZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** All of them, and `chosen` also where this browser does not know it. */
export function zonesWith(chosen: string): { value: string; label: string }[] {
  const known = Intl.supportedValuesOf("timeZone");
  const names = [...new Set([chosen, ownZone(), "UTC", ...known])].filter((name) => name !== "");
  return names.map((value) => ({ value, label: value }));
}
