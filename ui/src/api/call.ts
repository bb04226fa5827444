// Calls of the API: JSON in and out, problems as errors, the CSRF text on what changes.

import { under } from "@/surroundings/prefix.ts";

export type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>;

/** What the server refused, as it said so (RFC 9457); status 0 when it could not be reached. */
export class Problem extends Error {
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly { field: string; message: string }[];
  readonly body: unknown;

  constructor(status: number, reason: string, detail: string, body: unknown = null) {
    super(detail);
    this.status = status;
    this.reason = reason;
    this.body = body;
    this.fields = (body as { errors?: { field: string; message: string }[] } | null)?.errors ?? [];
  }
}

let csrf: string | null = null;
let onSignedOut: () => void = () => undefined;

/** Shown with each change from now on. */
export function useCsrf(text: string | null): void {
  csrf = text;
}

/** Called when the server no longer knows who this is. */
export function whenSignedOut(call: () => void): void {
  onSignedOut = call;
}

/** The path with its query; what is empty, null or undefined is left out. */
export function address(path: string, query: Query = {}): string {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? (value as readonly string[]) : [value]) {
      if (one !== null && one !== undefined && one !== "") {
        said.append(name, String(one));
      }
    }
  }
  const text = said.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** Read `path`, such as `/api/v1/events`. */
export function read<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return call<T>("GET", address(path, query), undefined, signal);
}

/** Change something: POST, PUT, PATCH or DELETE. */
export function change<T = void>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  return call<T>(method, path, body, signal);
}

async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
  }
  if (method !== "GET" && csrf !== null) {
    headers["X-CSRF-Token"] = csrf;
  }
  const response = await answerOf(path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  const said: unknown = text === "" ? null : parsed(text);
  if (!response.ok) {
    throw problemOf(response.status, path, said);
  }
  return said as T;
}

async function answerOf(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(under(path), { ...init, credentials: "same-origin" });
  } catch (error) {
    if ((error as Error).name === "AbortError") {
      throw error;
    }
    throw new Problem(0, "unreachable", (error as Error).message);
  }
}

function problemOf(status: number, path: string, said: unknown): Problem {
  // A wrong password is answered 401 as well, and means nothing for who is signed in.
  if (status === 401 && !path.startsWith("/api/v1/session")) {
    onSignedOut();
  }
  // The documents' part of the API has its sentence under `msg`.
  const problem = said as { reason?: string; detail?: string; msg?: string } | null;
  const sentence = problem?.detail ?? problem?.msg ?? `HTTP ${status}`;
  return new Problem(status, problem?.reason ?? "", sentence, said);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
