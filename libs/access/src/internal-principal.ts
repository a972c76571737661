import { createLocalJWKSet, importJWK, jwtVerify, SignJWT } from 'jose';
import type { CryptoKey, JSONWebKeySet, JWK } from 'jose';
import { claimsOf, type Principal, principalOf } from './principal.ts';
import { TokenFault } from './token-fault.ts';

/** The header in which the gateway tells a service who asks. */
export const PRINCIPAL_HEADER = 'x-tongchou-principal';

const ISSUER = 'tongchou-gateway';
const ALGORITHM = 'EdDSA';
const LIVES_S = 60;
const CLOCKS_DIFFER_BY_S = 5;

/** Signs principals for our own services: a minute's life, one service, one request. */
export type PrincipalSigner = (principal: Principal, service: string, requestId: string) => Promise<string>;

/** @throws Error when the key is no private Ed25519 key with a key id. */
export async function principalSigner(key: JWK): Promise<PrincipalSigner> {
  const { kid } = key;
  if (kid === undefined || key.d === undefined) throw new Error('the signing key needs kid and d');
  const secret = await importJWK(key, ALGORITHM);
  return (principal, service, requestId) =>
    new SignJWT({ ...claimsOf(principal), rid: requestId })
      .setProtectedHeader({ alg: ALGORITHM, kid })
      .setIssuer(ISSUER)
      .setAudience(service)
      .setIssuedAt()
      .setExpirationTime(`${LIVES_S}s`)
      .sign(secret);
}

export type PrincipalVerifier = (token: string | undefined, requestId: string) => Promise<Principal>;

/** Believes principals that one of the public keys signed, for this service and this request. */
export function principalVerifier(keys: JSONWebKeySet, service: string): PrincipalVerifier {
  const keyOf: (...given: Parameters<ReturnType<typeof createLocalJWKSet>>) => Promise<CryptoKey> =
    createLocalJWKSet(keys);
  return async (token, requestId) => {
    if (token === undefined) throw new TokenFault('no principal of the gateway');
    const verified = await jwtVerify(token, keyOf, {
      issuer: ISSUER,
      audience: service,
      algorithms: [ALGORITHM],
      clockTolerance: CLOCKS_DIFFER_BY_S,
      maxTokenAge: `${LIVES_S}s`,
      requiredClaims: ['sub', 'exp', 'rid'],
    }).catch((error: unknown) => {
      throw new TokenFault(error instanceof Error ? error.message : String(error), { cause: error });
    });
    if (verified.payload['rid'] !== requestId) throw new TokenFault('a principal of another request');
    const principal = principalOf(verified.payload);
    if (!principal) throw new TokenFault('a claim has not its form');
    return principal;
  };
}
