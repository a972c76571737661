import { randomUUID } from 'node:crypto';
import { importJWK, type JWK, SignJWT } from 'jose';
import { ALGORITHM } from './issuer-files.ts';

/** For whom the office's tokens are. */
export const AUDIENCE = 'tongchou';
export const LIVES_S = 3_600;

/** A signed access token (RFC 9068) that lives an hour, or until `endsAt`, in seconds since 1970. */
export async function issueToken(
  key: JWK,
  issuer: string,
  claims: Record<string, unknown>,
  endsAt?: number,
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: ALGORITHM, kid: key.kid ?? '', typ: 'at+jwt' })
    .setIssuer(issuer)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setJti(randomUUID())
    .setExpirationTime(endsAt ?? `${LIVES_S}s`)
    .sign(await importJWK(key, ALGORITHM));
}
