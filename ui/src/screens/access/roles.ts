// The roles that can be given, as choices with what each may do.

import type { SelectOption } from "naive-ui";
import type { Role } from "@/api/shapes.ts";

export type GivenRole = Exclude<Role, "none">;
export const ROLES: readonly GivenRole[] = ["sender", "viewer", "operator", "admin"];

export function roleOptions(t: (key: string) => string): SelectOption[] {
  return ROLES.map((role) => ({ value: role, label: t(`frame.roles.${role}`) }));
}
