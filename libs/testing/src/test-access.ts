import { randomUUID } from 'node:crypto';
import { PRINCIPAL_HEADER, type Principal, principalSigner, ROLES } from '@tongchou/access';
import type { Role } from '@tongchou/access';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { JWK, JWTPayload } from 'jose';

/** Somebody of every role, for the whole city. */
export const EVERY_ROLE: Principal = { subject: 'demo', roles: Object.keys(ROLES) as Role[] };

/** A gateway's keys for a spec, and what it would say of who asks. */
export interface TestAccess {
  /** The setting `PRINCIPAL_KEYS`. */
  readonly keys: string;
  readonly signingKey: JWK;
  /** Signs for whoever asks as this principal. */
  as(principal: Principal): (service: string, requestId: string) => Promise<string>;
  /** Any claims under the gateway's signature: for what it would never say. */
  signed(claims: JWTPayload): Promise<string>;
  /** The headers with which the gateway asks a service; as somebody of every role unless a principal is given. */
  headers(service: string, principal?: Principal, requestId?: string): Promise<Record<string, string>>;
}

/** Keys of a spec's own; services that are given `keys` believe what they sign. */
export async function testAccess(): Promise<TestAccess> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
  const kid = randomUUID();
  const signingKey = { ...(await exportJWK(privateKey)), kid, alg: 'EdDSA' };
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'EdDSA', use: 'sig' }] });
  const sign = await principalSigner(signingKey);
  return {
    keys,
    signingKey,
    as: (principal) => (service, requestId) => sign(principal, service, requestId),
    signed: (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', kid }).sign(privateKey),
    headers: async (service, principal = EVERY_ROLE, requestId = randomUUID()) => ({
      'x-request-id': requestId,
      [PRINCIPAL_HEADER]: await sign(principal, service, requestId),
    }),
  };
}
