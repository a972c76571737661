import { jwtVerify } from 'jose';
import { type Principal, principalOf } from './principal.ts';
import type { ProviderKeys } from './provider-keys.ts';
import { TokenFault } from './token-fault.ts';

/** Signatures that only the provider can make. A token never chooses anything else. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const CLOCKS_DIFFER_BY_S = 30;
/** Node takes 16 kB of headers: as much of them goes on to a service, beside what stands in the token. */
const MOST_CHARACTERS = 12_288;

export interface BearerOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: ProviderKeys;
}

const HEADER = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i;

/** The token of an `authorization` header. @throws TokenFault for none, two, another scheme, one that is too long. */
export function bearerOf(header: string | readonly string[] | undefined): string {
  if (header === undefined) throw new TokenFault('no authorization header');
  if (typeof header !== 'string') throw new TokenFault('several authorization headers');
  if (header.length > MOST_CHARACTERS) throw new TokenFault('the authorization header is too long');
  const token = HEADER.exec(header)?.[1];
  if (token === undefined) throw new TokenFault('the authorization header holds no bearer token');
  return token;
}

/** Who stands behind a bearer token: issuer, audience, algorithm, times and subject checked. @throws TokenFault */
export async function verifyBearer(token: string, { issuer, audience, keys }: BearerOptions): Promise<Principal> {
  const verified = await jwtVerify(token, keys.keyOf, {
    issuer,
    audience,
    algorithms: ALGORITHMS,
    clockTolerance: CLOCKS_DIFFER_BY_S,
    requiredClaims: ['sub', 'exp'],
  }).catch((error: unknown) => {
    if (error instanceof TokenFault) throw error;
    throw new TokenFault(error instanceof Error ? error.message : String(error), { cause: error });
  });
  const principal = principalOf(verified.payload);
  if (!principal) throw new TokenFault('a claim has not its form');
  return principal;
}
