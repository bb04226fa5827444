// Calls of the part of the API that answers as the release documents say: {code, data, msg}.

import { change, type Query, read } from "@/api/call.ts";

interface Envelope<T> {
  code: number;
  data: T;
  msg: string;
}

const ROOT = "/api/v1/release";

/** The whole path of one such as `/callbacks`. */
export function releasePath(path: string): string {
  return `${ROOT}${path}`;
}

export async function readRelease<T>(
  path: string,
  query: Query = {},
  signal?: AbortSignal,
): Promise<T> {
  return (await read<Envelope<T>>(releasePath(path), query, signal)).data;
}

export async function changeRelease<T = null>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  return (await change<Envelope<T>>(method, releasePath(path), body, signal)).data;
}
