// The fields of a channel's form, out of the JSON schema of its options. Pure.

import type { ChannelConfig, ChannelKind, OptionSchema, OptionsSchema } from "@/api/callback-shapes.ts";

export type FieldKind =
  | "text"
  | "lines"
  | "secret"
  | "number"
  | "switch"
  | "choice"
  | "list"
  | "map"
  | "json";

export interface SchemaField {
  key: string;
  kind: FieldKind;
  /** In English, as the channel's own file has them. */
  title: string;
  description: string;
  isRequired: boolean;
  /** What holds while nothing is entered; undefined for none. */
  usual: unknown;
  /** What could stand there; "" for nothing. */
  example: string;
  /** Of a choice. */
  choices: readonly string[];
  /** Whether what is listed are numbers, or the number is a whole one. */
  isNumeric: boolean;
  isWhole: boolean;
  min: number | undefined;
  max: number | undefined;
}

// What may be longer than that has several lines, such as a certificate.
const LONG_CHARS = 2_000;

// What few ask for, whichever channel has it: folded away as long as nothing of it is set.
const RARE = new Set(
  [
    "app_id app_secret receive_id receive_id_type",
    "mentions at_all at_mobiles at_user_ids to_party to_tag cc",
    "message_thread_id thread_id silent wrap",
    "timeout retry_count retry_interval rate_per_minute",
    "previous_sign_secret ca_certificate",
  ].flatMap((names) => names.split(" ")),
);

export function isRare({ key, isRequired }: SchemaField): boolean {
  return RARE.has(key) && !isRequired;
}

/** Whether something else than what holds anyway is entered. */
export function isSet({ usual }: SchemaField, value: unknown): boolean {
  const isEmpty = Array.isArray(value) ? value.length === 0 : (value ?? "") === "";
  return !isEmpty && value !== usual;
}

/** Masked secrets hold these, and mean "as it was" when they are sent back. */
export const MASK = "••••";

export function isMasked(value: unknown): boolean {
  return typeof value === "string" && value.includes(MASK);
}

/** In the schema's order, what has to be entered first. */
export function fieldsOf({ schema, secrets }: Pick<ChannelKind, "schema" | "secrets">): SchemaField[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {})
    .map(([key, said]) => fieldOf(key, said, schema, required.has(key), secrets.includes(key)))
    .sort((one, other) => Number(other.isRequired) - Number(one.isRequired));
}

function fieldOf(
  key: string,
  said: OptionSchema,
  whole: OptionsSchema,
  isRequired: boolean,
  isSecret: boolean,
): SchemaField {
  const meant = meantBy(said, whole);
  const kind = kindOf(meant, isSecret);
  const items = kind === "list" ? meantBy(meant.items ?? {}, whole) : meant;
  const { minimum, exclusiveMinimum, maximum, ge, le } = meant;
  return {
    key,
    kind,
    title: said.title ?? meant.title ?? key,
    description: said.description ?? meant.description ?? "",
    isRequired,
    usual: said.default ?? undefined,
    example: exampleOf(said.examples?.[0]),
    choices: (meant.enum ?? []).map(String),
    isNumeric: items.type === "integer" || items.type === "number",
    isWhole: items.type === "integer",
    min: minimum ?? exclusiveMinimum ?? ge,
    max: maximum ?? le,
  };
}

function exampleOf(value: unknown): string {
  return Array.isArray(value) ? linesOf(value) : ["string", "number"].includes(typeof value) ? String(value) : "";
}

/** Without "or nothing" around it, and with what it refers to in its place. */
function meantBy(said: OptionSchema, whole: OptionsSchema): OptionSchema {
  const name = said.$ref?.split("/").at(-1);
  if (name !== undefined) {
    return { ...meantBy(whole.$defs?.[name] ?? {}, whole), ...without(said, "$ref") };
  }
  const inner = (said.anyOf ?? said.allOf)?.filter((one) => one.type !== "null");
  if (inner?.length === 1 && inner[0] !== undefined) {
    return { ...meantBy(inner[0], whole), ...without(without(said, "anyOf"), "allOf") };
  }
  // A number or a text: what is typed is a text, and the server takes "12" for a number.
  const simple = inner?.find((one) => one.type === "string");
  return simple === undefined ? said : { ...simple, ...without(said, "anyOf") };
}

function without(said: OptionSchema, name: keyof OptionSchema): OptionSchema {
  const { [name]: _, ...rest } = said;
  return rest;
}

function kindOf(meant: OptionSchema, isSecret: boolean): FieldKind {
  if (meant.type === "object") {
    return meant.additionalProperties !== undefined && meant.additionalProperties !== false ? "map" : "json";
  }
  if (meant.type === "array") {
    const item = meant.items?.type ?? "string";
    return ["string", "integer", "number"].includes(item) ? "list" : "json";
  }
  if (isSecret || meant.format === "password" || meant.writeOnly) {
    return "secret";
  }
  if (meant.enum !== undefined) {
    return "choice";
  }
  if ((meant.maxLength ?? 0) >= LONG_CHARS) {
    return "lines";
  }
  const simple: Partial<Record<string, FieldKind>> = {
    boolean: "switch",
    integer: "number",
    number: "number",
    string: "text",
  };
  return simple[meant.type ?? "string"] ?? "json";
}

/** `config` with `value` under `key`; what is empty is left out, so that the usual value holds. */
export function withValue(config: ChannelConfig, key: string, value: unknown): ChannelConfig {
  const { [key]: _, ...rest } = config;
  return isEmpty(value) ? rest : { ...rest, [key]: value };
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") {
    return true;
  }
  return Array.isArray(value) ? value.length === 0 : false;
}

/** The lines of a list as it is typed. */
export function listOf(text: string, isNumeric: boolean): (string | number)[] {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return lines.map((line) => (isNumeric && /^-?\d+(\.\d+)?$/.test(line) ? Number(line) : line));
}

export function linesOf(value: unknown): string {
  return Array.isArray(value) ? value.map(String).join("\n") : typeof value === "string" ? value : "";
}

/** Without what is masked, which only where it is stored means something. */
export function withoutMasked(config: ChannelConfig): ChannelConfig {
  const isPlain = (value: unknown): boolean => !JSON.stringify(value ?? null).includes(MASK);
  return Object.fromEntries(Object.entries(config).filter(([, value]) => isPlain(value)));
}
