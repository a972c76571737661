import { hash } from 'node:crypto';
import type { Principal } from '@tongchou/access';
import { decodeJwt } from 'jose';

const KEPT = 10_000;
/** A token whose key the provider has withdrawn is believed for so long at most. */
const KEPT_MS = 60_000;

type Verify = (token: string) => Promise<Principal>;

interface Known {
  readonly principal: Principal;
  readonly until: number;
}

/**
 * Remembers who stands behind a token that was verified, until it expires and for a minute at most: clients send the same
 * token with each request. Tokens themselves are not kept, only their hashes; what was refused is not remembered.
 */
export function rememberVerified(verify: Verify, now: () => number = Date.now): Verify {
  const known = new Map<string, Known>();
  return async (token) => {
    const key = hash('sha256', token, 'base64');
    const found = known.get(key);
    if (found && now() < found.until) return found.principal;
    known.delete(key);
    const principal = await verify(token);
    const expires = (decodeJwt(token).exp ?? 0) * 1_000;
    const [oldest] = known.keys();
    if (oldest !== undefined && known.size >= KEPT) known.delete(oldest);
    known.set(key, { principal, until: Math.min(now() + KEPT_MS, expires) });
    return principal;
  };
}
