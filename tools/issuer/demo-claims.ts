import { isRole, ROLES } from '@tongchou/access';

/** What a token of the demo is asked for: a role, and what narrows it. */
export interface Wanted {
  readonly role: string;
  /** Who acts; one person a role where nothing is said. */
  readonly as?: string | undefined;
  /** On whose behalf. */
  readonly for?: string | undefined;
  readonly districts?: readonly string[];
  readonly departments?: readonly string[];
  readonly projects?: readonly string[];
  readonly limit?: string | undefined;
}

/** A list that names nothing is no list: the whole city. */
const named = (claim: string, names: readonly string[] = []): object => (names.length > 0 ? { [claim]: names } : {});

/** Claims as `principalOf` reads them, or what is wrong with the wish. */
export function demoClaims(wanted: Wanted): Record<string, unknown> | { readonly fault: string } {
  const { role, limit } = wanted;
  if (!isRole(role)) return { fault: `there is no role "${role}"; there is ${Object.keys(ROLES).join(', ')}` };
  if (limit !== undefined && !/^\d{1,14}(\.\d{1,2})?$/.test(limit)) {
    return { fault: `the limit ${limit} is no amount; give it as 5000 or 5000.00` };
  }
  const subject = wanted.as ?? `demo-${role}`;
  return {
    sub: wanted.for ?? subject,
    ...(wanted.for !== undefined && { act: { sub: subject } }),
    roles: [role],
    ...named('districts', wanted.districts),
    ...named('departments', wanted.departments),
    ...named('projects', wanted.projects),
    ...(limit !== undefined && { amount_limit: limit }),
  };
}
