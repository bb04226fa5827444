// Who is signed in here, and what they may do.

import { computed, readonly, ref } from "vue";
import { change, Problem, read, useCsrf } from "@/api/call.ts";
import type { Role, Session } from "@/api/shapes.ts";

const NOBODY: Session = { role: "none", name: "", kind: "nobody", csrf: null };
const RANK: readonly Role[] = ["none", "sender", "viewer", "operator", "admin"];

const current = ref<Session>(NOBODY);

export const session = readonly(current);
export const isSignedIn = computed(() => current.value.kind === "session");
export const mayRead = computed(() => isAtLeast("viewer"));

/** Whether who looks has this role or one above it. */
export function isAtLeast(role: Role): boolean {
  return RANK.indexOf(current.value.role) >= RANK.indexOf(role);
}

/** Ask the server who this is; a session that has ended counts as nobody. */
export async function renewSession(): Promise<void> {
  try {
    take(await read<Session>("/api/v1/session"));
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) {
      throw error;
    }
    take(NOBODY);
  }
}

/** Sign in by a name and a password, or by the code of a one-time address. */
export async function signIn(shown: { name: string; password: string } | { code: string }) {
  take(await change<Session>("POST", "/api/v1/session", shown));
}

export async function signOut(): Promise<void> {
  await change("DELETE", "/api/v1/session");
  await renewSession();
}

function take(said: Session): void {
  current.value = said;
  useCsrf(said.csrf);
}
