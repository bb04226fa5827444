// Set-ups and calls of sources to test with.

import type { SourceSecret, SourceSetup, WholeSourceCall } from "@/api/source-shapes.ts";

export function setup(said: Partial<SourceSetup> = {}): SourceSetup {
  return {
    kind: "github",
    name: "",
    addresses: ["/hooks/github"],
    verification: "signature",
    origin: "settings",
    stored: 0,
    rejected: 0,
    last_stored_at: null,
    last_rejected_at: null,
    last_rejected_reason: null,
    secrets: [],
    can_test: true,
    ...said,
  };
}

export function secret(said: Partial<SourceSecret> = {}): SourceSecret {
  return {
    id: "s1",
    origin: "stored",
    hint: "…ab12",
    created_at: "2026-01-01T12:00:00Z",
    ends_at: null,
    ...said,
  };
}

export function call(said: Partial<WholeSourceCall> = {}): WholeSourceCall {
  return {
    id: "c1",
    at: "2026-01-01T12:00:00Z",
    outcome: "stored",
    reason: null,
    message: null,
    status: 200,
    address: "192.0.2.7",
    bytes: 17,
    events: [],
    instance: "tocsin-1",
    method: "POST",
    path: "/hooks/github",
    headers: { "content-type": "application/json" },
    query: {},
    body: '{"action":"opened"}',
    body_base64: null,
    is_cut: false,
    ...said,
  };
}
