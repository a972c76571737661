import { type Cents, formatMoney, parseMoney } from '@tongchou/kernel';
import { z } from 'zod';
import { isRole, type Role } from './role.ts';

/**
 * Somebody whose identity was proven, as everything behind the gateway knows them. An attribute that is given narrows what
 * they reach; it never widens it.
 */
export interface Principal {
  /** Who acts: a person or a machine, by the provider's own id. */
  readonly subject: string;
  /** The one on whose behalf they act, where somebody delegated. */
  readonly onBehalfOf?: string;
  readonly roles: readonly Role[];
  readonly districts?: readonly string[];
  readonly departments?: readonly string[];
  /** Ids of projects. */
  readonly projects?: readonly string[];
  /** The largest amount that they may decide on. */
  readonly amountLimit?: Cents;
}

const MOST = 1_000;
const word = z.string().min(1).max(200);
const words = z.array(word).max(MOST);

/** RFC 8693, section 4.1: `sub` is the one spoken for, `act.sub` the one who acts. */
const claims = z.object({
  sub: word,
  act: z.object({ sub: word }).optional(),
  roles: words.default([]),
  districts: words.exactOptional(),
  departments: words.exactOptional(),
  projects: words.exactOptional(),
  amount_limit: z.string().optional(),
});

/**
 * The principal of verified claims; `undefined` when a claim has not its form: a limit or a scope that cannot be read must
 * not turn into none. Words that are no role are left out, exactly spelt ones stay.
 */
export function principalOf(verified: unknown): Principal | undefined {
  const parsed = claims.safeParse(verified);
  if (!parsed.success) return undefined;
  const { sub, act, roles, amount_limit: limit, ...reach } = parsed.data;
  const amountLimit = limit === undefined ? undefined : parseMoney(limit);
  if (limit !== undefined && amountLimit === undefined) return undefined;
  return {
    subject: act?.sub ?? sub,
    ...(act && act.sub !== sub && { onBehalfOf: sub }),
    roles: roles.filter(isRole),
    ...reach,
    ...(amountLimit !== undefined && { amountLimit }),
  };
}

/** The same as claims: `principalOf(claimsOf(p))` equals `p`. */
export function claimsOf(principal: Principal): Record<string, unknown> {
  const { subject, onBehalfOf, roles, districts, departments, projects, amountLimit } = principal;
  return {
    sub: onBehalfOf ?? subject,
    ...(onBehalfOf !== undefined && { act: { sub: subject } }),
    roles,
    ...(districts && { districts }),
    ...(departments && { departments }),
    ...(projects && { projects }),
    ...(amountLimit !== undefined && { amount_limit: formatMoney(amountLimit) }),
  };
}
