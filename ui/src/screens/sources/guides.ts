// What to enter at each sender so that it calls here, in the words of its own screens. Pure.
//
// Those words are English on purpose: they are looked for there, whatever the reader's language.

/** What goes into a field: a text as it stands, or one of the set-up's own two. */
export type GuideValue = string | { own: "address" | "secret" };

export interface GuideField {
  label: string;
  value: GuideValue;
}

export interface Guide {
  /** The way there, menu by menu. */
  place: readonly string[];
  fields: readonly GuideField[];
  /** A piece of configuration, or a command, to paste. */
  snippet: string | null;
  /** Who makes the secret: it is made here, or there, or there is none. */
  secret: "here" | "there" | "none";
}

const ADDRESS = { own: "address" } as const;
const SECRET = { own: "secret" } as const;
const JSON_TYPE: GuideField = { label: "Content type", value: "application/json" };
const NO_GUIDE: Guide = { place: [], fields: [], snippet: null, secret: "here" };

type MakeGuide = (address: string) => Partial<Guide>;

const GUIDES: Readonly<Record<string, MakeGuide>> = {
  alertmanager: (address) => ({
    place: ["alertmanager.yml", "receivers"],
    snippet: [
      "receivers:",
      "  - name: tocsin",
      "    webhook_configs:",
      `      - url: ${address}`,
      "        send_resolved: true",
      "        http_config:",
      "          authorization:",
      "            credentials: SECRET",
    ].join("\n"),
  }),
  cloudevents: (address) => ({
    snippet: posted(address, "application/cloudevents+json", {
      specversion: "1.0",
      id: "1",
      source: "/my/app",
      type: "app.started",
    }),
  }),
  deployment: (address) => ({
    snippet: posted(address, "application/json", {
      type: "step_started",
      project: "shop",
      deployment_id: "42",
      step_name: "Build",
    }),
  }),
  fal: (address) => ({
    secret: "none",
    snippet: [
      `curl "https://queue.fal.run/fal-ai/flux-lora-portrait-trainer?fal_webhook=${encodeURIComponent(address)}" \\`,
      '  -H "Authorization: Key $FAL_KEY" \\',
      "  -H 'Content-Type: application/json' \\",
      `  -d '{"images_data_url": "https://…/images.zip"}'`,
    ].join("\n"),
  }),
  generic: (address) => ({
    snippet: posted(address, "application/json", { project: "shop", text: "done" }),
  }),
  gitea: () => ({
    place: ["Settings", "Webhooks", "Add Webhook", "Gitea"],
    fields: [
      { label: "Target URL", value: ADDRESS },
      { label: "POST Content Type", value: "application/json" },
      { label: "Secret", value: SECRET },
      { label: "Trigger On", value: "All Events" },
    ],
  }),
  github: (address) => ({
    place: ["Settings", "Webhooks", "Add webhook"],
    fields: [
      { label: "Payload URL", value: ADDRESS },
      JSON_TYPE,
      { label: "Secret", value: SECRET },
      { label: "Which events", value: "Send me everything" },
    ],
    snippet: [
      "gh api repos/OWNER/REPOSITORY/hooks -f name=web -F active=true -f 'events[]=*' \\",
      `  -f config[url]=${address} \\`,
      '  -f config[content_type]=json -f config[secret]="$SECRET"',
    ].join("\n"),
  }),
  gitlab: () => ({
    place: ["Settings", "Webhooks", "Add new webhook"],
    fields: [
      { label: "URL", value: ADDRESS },
      { label: "Secret token", value: SECRET },
      { label: "Trigger", value: "Job, Pipeline, Deployment, Releases events" },
    ],
  }),
  grafana: () => ({
    place: ["Alerting", "Contact points", "Create contact point"],
    fields: [
      { label: "Integration", value: "Webhook" },
      { label: "URL", value: ADDRESS },
      { label: "HTTP Method", value: "POST" },
      { label: "HMAC Signature, Secret", value: SECRET },
    ],
  }),
  sentry: () => ({
    secret: "there",
    place: ["Settings", "Developer Settings", "Create New Integration", "Internal Integration"],
    fields: [
      { label: "Webhook URL", value: ADDRESS },
      { label: "Alert Rule Action", value: "on" },
      { label: "Webhooks", value: "issue, error" },
    ],
  }),
  slack: () => ({
    secret: "there",
    place: ["api.slack.com/apps", "Event Subscriptions"],
    fields: [
      { label: "Enable Events", value: "On" },
      { label: "Request URL", value: ADDRESS },
    ],
  }),
  standard: () => ({
    secret: "there",
    fields: [{ label: "Endpoint URL", value: ADDRESS }],
  }),
  stripe: () => ({
    secret: "there",
    place: ["Workbench", "Webhooks", "Add destination"],
    fields: [{ label: "Endpoint URL", value: ADDRESS }],
  }),
};

/** Whether the sender makes the secret, so that one can only be entered here. */
export function isTheirSecret(kind: string): boolean {
  return guideOf(kind, "").secret === "there";
}

/** What to enter for `address`, which is a whole one. */
export function guideOf(kind: string, address: string): Guide {
  return { ...NO_GUIDE, ...GUIDES[kind]?.(address) };
}

/** The path to give to senders: FAL's has to say what is trained. */
export function entryOf(kind: string, path: string): string {
  return kind === "fal" && path.startsWith("/api/v1/avatar/") ? `${path}?training_type=portrait` : path;
}

function posted(address: string, type: string, body: Record<string, unknown>): string {
  return [
    `curl ${address} \\`,
    '  -H "Authorization: Bearer $SECRET" \\',
    `  -H 'Content-Type: ${type}' \\`,
    `  -d '${JSON.stringify(body)}'`,
  ].join("\n");
}
