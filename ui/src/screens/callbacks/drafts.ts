// A callback while it is being edited: from what is stored, into what is sent. Pure.

import type {
  Callback,
  ChannelConfig,
  Grouping,
  QuietHours,
  WantedCallback,
} from "@/api/callback-shapes.ts";

export interface ChannelDraft {
  /** Tells rows apart as long as they are edited. */
  key: number;
  /** Of the stored one; null of one that was added. */
  id: string | null;
  type: string;
  enabled: boolean;
  config: ChannelConfig;
  template_id: string | null;
}

export interface CallbackDraft {
  project_id: string;
  name: string;
  enabled: boolean;
  channels: ChannelDraft[];
  events: string[];
  condition: string;
  language: string;
  hasQuietHours: boolean;
  quiet: QuietHours;
  isGrouped: boolean;
  grouping: Grouping;
}

export const ALL_PROJECTS = "*";

let lastKey = 0;

export function newChannel(type: string, config: ChannelConfig = {}): ChannelDraft {
  lastKey += 1;
  return { key: lastKey, id: null, type, enabled: true, config, template_id: null };
}

export function newDraft(project: string, language: string, zone: string): CallbackDraft {
  return {
    project_id: project,
    name: "",
    enabled: true,
    channels: [],
    events: [],
    condition: "",
    language,
    hasQuietHours: false,
    quiet: { zone, from: "22:00", to: "08:00", but: [] },
    isGrouped: false,
    grouping: { by: ["project", "event_type"], wait_s: 30, interval_s: 300 },
  };
}

export function draftOf(stored: Callback, zone: string): CallbackDraft {
  const fresh = newDraft(stored.project_id, stored.language, zone);
  const { name, enabled, events, condition, quiet_hours: quiet, grouping } = stored;
  return {
    ...fresh,
    ...{ name, enabled, condition },
    events: [...events],
    channels: stored.channels.map(({ id, type, enabled: isOn, config, template_id }) => ({
      ...newChannel(type, { ...config }),
      ...{ id, enabled: isOn, template_id },
    })),
    hasQuietHours: quiet !== null,
    quiet: quiet === null ? fresh.quiet : { ...quiet, but: [...quiet.but] },
    isGrouped: grouping !== null,
    grouping: grouping === null ? fresh.grouping : { ...grouping, by: [...grouping.by] },
  };
}

/** What goes to the API; also what two drafts are compared by. */
export function wantedOf(draft: CallbackDraft): WantedCallback {
  const { project_id, enabled, events, language } = draft;
  return {
    ...{ project_id, enabled, events, language },
    name: draft.name.trim(),
    condition: draft.condition.trim(),
    channels: draft.channels.map(({ id, type, enabled: isOn, config, template_id }) => ({
      ...(id !== null && { id }),
      ...{ type, enabled: isOn, config, template_id },
    })),
    quiet_hours: draft.hasQuietHours ? draft.quiet : null,
    grouping: draft.isGrouped ? draft.grouping : null,
  };
}

/** What the server said of the field at `path`, such as `channels.0.config.webhook_url`. */
export function faultAt(
  faults: readonly { field: string; message: string }[],
  path: string,
): string | undefined {
  const own = faults.filter(({ field }) => field === path || field.startsWith(`${path}.`));
  return own.length === 0 ? undefined : own.map(({ message }) => message).join(" ");
}
