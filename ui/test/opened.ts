// A whole screen in English at an address, with a stand-in for the API.

import { flushPromises, mount } from "@vue/test-utils";
import { NMessageProvider } from "naive-ui";
import { vi } from "vitest";
import { type Component, h } from "vue";
import { createI18n } from "vue-i18n";
import { createMemoryHistory, createRouter } from "vue-router";
import { signIn } from "@/api/session.ts";
import type { Role } from "@/api/shapes.ts";
import en from "@/texts/en.ts";

const nothing = { template: "<i />" };

const ROUTES = [
  { path: "/sources", name: "sources", component: nothing },
  { path: "/sources/:kind/:name?", name: "source", component: nothing },
  { path: "/trainings", name: "trainings", component: nothing },
  { path: "/trainings/:id", name: "training", component: nothing },
  { path: "/events/:id", name: "event", component: nothing },
  { path: "/tokens", name: "tokens", component: nothing },
  { path: "/callbacks", name: "callbacks", component: nothing },
  { path: "/callbacks/history", name: "deliveries", component: nothing },
  { path: "/callbacks/statistics", name: "delivery-stats", component: nothing },
  { path: "/callbacks/templates", name: "templates", component: nothing },
  { path: "/callbacks/templates/:id", name: "template", component: nothing },
  { path: "/callbacks/:id", name: "callback", component: nothing },
];

export interface Call {
  method: string;
  /** With its query. */
  path: string;
  body: unknown;
}

/** Answers by method and path, "GET /api/v1/sources"; a number is a status without a body. */
export type Answers = Record<string, unknown>;

/** Puts `answers` in the API's place, and gives the list of the calls that are made. */
export function served(answers: Answers): Call[] {
  const calls: Call[] = [];
  vi.stubGlobal("fetch", (path: string, init: RequestInit = {}) => {
    const { method = "GET", body } = init;
    calls.push({ method, path, body: typeof body === "string" ? JSON.parse(body) : undefined });
    const { pathname } = new URL(path, "http://localhost");
    const answer = answers[`${method} ${path}`] ?? answers[`${method} ${pathname}`] ?? 404;
    return Promise.resolve(
      typeof answer === "number"
        ? new Response(answer === 204 ? null : "{}", { status: answer })
        : new Response(JSON.stringify(answer)),
    );
  });
  return calls;
}

/** What the documents' part of the API wraps its answers in. */
export function enveloped(data: unknown) {
  return { code: 0, data, msg: "ok" };
}

/** A list of it, all on one page. */
export function listed(...items: unknown[]) {
  return enveloped({ items, total: items.length, page: 1, page_size: 50 });
}

/** Who looks; without it nobody is signed in. */
export async function signedInAs(role: Role): Promise<void> {
  const session = { role, name: "ann", kind: "session", csrf: "c" };
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify(session))));
  await signIn({ code: "x" });
}

export async function opened(screen: Component, address: string) {
  const router = createRouter({ history: createMemoryHistory(), routes: ROUTES });
  const i18n = createI18n({ legacy: false, locale: "en", messages: { en: en.texts as never } });
  await router.push(address);
  const shown = mount(
    { render: () => h(NMessageProvider, null, () => h(screen)) },
    { global: { plugins: [router, i18n] }, attachTo: document.body },
  );
  await flushPromises();
  return { shown, router };
}

/** Press the button of this name, wherever on the page it is. */
export async function pressed(name: string): Promise<void> {
  const buttons = [...document.body.querySelectorAll("button")];
  const found = buttons.find((one) => one.textContent?.trim() === name);
  if (found === undefined) {
    throw new Error(`no button "${name}" among ${buttons.map((one) => one.textContent).join(", ")}`);
  }
  found.click();
  await flushPromises();
}

/** Type into the field with this id. */
export async function typed(id: string, text: string): Promise<void> {
  const field = document.querySelector<HTMLInputElement>(`#${id}`);
  if (field === null) {
    throw new Error(`no field ${id}`);
  }
  field.value = text;
  field.dispatchEvent(new Event("input"));
  await flushPromises();
}
