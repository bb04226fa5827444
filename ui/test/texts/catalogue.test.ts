// The four languages have the same texts, each is used, and none is asked for that is not there.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LANGUAGES } from "@/texts/index.ts";

const SOURCE = join(import.meta.dirname, "../../src");

function textsOf(language: string): Map<string, string> {
  const folder = join(SOURCE, "texts", language);
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return new Map(
    files.flatMap((name) =>
      flat(JSON.parse(readFileSync(join(folder, name), "utf8")), name.replace(".json", "")),
    ),
  );
}

function flat(tree: unknown, path: string): [string, string][] {
  return typeof tree === "string"
    ? [[path, tree]]
    : Object.entries(tree as object).flatMap(([name, inner]) => flat(inner, `${path}.${name}`));
}

const texts = new Map(LANGUAGES.map((language) => [language, textsOf(language)]));
const english = texts.get("en") as Map<string, string>;

const sources = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(vue|ts)$/.test(name))
  .map((name) => readFileSync(join(SOURCE, name), "utf8"))
  .join("\n");

/** Keys as they are written out, and beginnings of those that are put together. */
const whole = new Set([...sources.matchAll(/["'`]([a-zA-Z]+(?:\.[\w-]+)+)["'`]/g)].map(([, key]) => key));
const begun = [...sources.matchAll(/`([a-zA-Z]+(?:\.[\w-]+)*\.)\$\{/g)].map(([, key]) => key as string);

describe.each(LANGUAGES)("the texts in %s", (language) => {
  const own = texts.get(language) as Map<string, string>;

  it("are the same as in English", () => {
    expect([...own.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it("have no empty text", () => {
    expect([...own].filter(([, text]) => text.trim() === "")).toEqual([]);
  });

  it("have the same placeholders as in English", () => {
    const different = [...own].filter(
      ([key, text]) => placeholders(text) !== placeholders(english.get(key) ?? ""),
    );
    expect(different).toEqual([]);
  });

  it("have all the forms of plurals that the language has", () => {
    const count = { en: 2, zh: 1, ko: 1, ru: 4 }[language];
    const plural = [...english].filter(([, text]) => text.includes(" | ")).map(([key]) => key);
    const wrong = plural.filter((key) => own.get(key)?.split(" | ").length !== count);
    expect(wrong).toEqual([]);
  });
});

describe("the catalogue", () => {
  it("has every text that is asked for", () => {
    const asked = [...sources.matchAll(/\bt\(\s*["']([\w.-]+)["']/g)].map(([, key]) => key as string);
    expect(asked.filter((key) => !english.has(key))).toEqual([]);
  });

  it("has nothing that nobody asks for", () => {
    const unused = [...english.keys()].filter(
      (key) => !whole.has(key) && !begun.some((start) => key.startsWith(start)),
    );
    expect(unused).toEqual([]);
  });
});

function placeholders(text: string): string {
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))].sort().join(",");
}
