import { POLICY, type Rule } from './policy-table.ts';
import type { Principal } from './principal.ts';
import type { Role } from './role.ts';

export type Policy = Readonly<Record<string, Rule>>;

/** The role by which the principal may do it, the first of theirs that may; `undefined` = forbidden. */
export function roleFor(principal: Principal, action: string, policy: Policy = POLICY): Role | undefined {
  const rule = Object.hasOwn(policy, action) ? policy[action] : undefined;
  return principal.roles.find((role) => rule?.roles.includes(role));
}

/** Actions of a service that nobody has said anything about: it must not start with one. */
export const withoutPolicy = (actions: readonly string[], policy: Policy = POLICY): string[] =>
  [...new Set(actions)].filter((action) => !Object.hasOwn(policy, action)).toSorted();
