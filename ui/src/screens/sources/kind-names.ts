// What kinds of sources are called: by their makers' names, and those of Tocsin's own in words.

const MAKERS: Readonly<Record<string, string>> = {
  alertmanager: "Alertmanager",
  cloudevents: "CloudEvents",
  fal: "FAL",
  gitea: "Gitea",
  github: "GitHub",
  gitlab: "GitLab",
  grafana: "Grafana",
  sentry: "Sentry",
  slack: "Slack",
  standard: "Standard Webhooks",
  stripe: "Stripe",
};

/** A kind that this page knows nothing of is called as in addresses. */
export function kindName(
  kind: string,
  t: (key: string) => string,
  te: (key: string) => boolean,
): string {
  const key = `sources.kinds.${kind}`;
  return MAKERS[kind] ?? (te(key) ? t(key) : kind);
}
