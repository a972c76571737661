import { type Policy, roleFor } from './judge.ts';
import { POLICY } from './policy-table.ts';
import type { Principal } from './principal.ts';
import { type Reach, reachOf } from './reach.ts';
import type { Role } from './role.ts';

/** That somebody may do something: as what, and where. */
export interface Grant {
  readonly role: Role;
  readonly reach: Reach;
}

const isNowhere = ({ projects }: Reach): boolean => projects?.length === 0;

/**
 * As what and where `principal` may do it; `undefined` = forbidden. Of several roles that may, the first one that reaches
 * anything: roles that reach something reach the same, as lists belong to the principal.
 */
export function grantFor(principal: Principal, action: string, policy: Policy = POLICY): Grant | undefined {
  const grants = principal.roles
    .filter((role) => roleFor({ ...principal, roles: [role] }, action, policy) !== undefined)
    .map((role): Grant => ({ role, reach: reachOf(principal, role) }));
  return grants.find(({ reach }) => !isNowhere(reach)) ?? grants[0];
}
