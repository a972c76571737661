import { createLocalJWKSet, errors } from 'jose';
import type { CryptoKey, FlattenedJWSInput, JSONWebKeySet, JWSHeaderParameters } from 'jose';
import { z } from 'zod';
import { TokenFault } from './token-fault.ts';

const FETCH_WITHIN_MS = 5_000;
const MOST_BYTES = 1_048_576;
/** A key id that is unknown is asked for at most this often, whoever sends it. */
const ASK_EVERY_MS = 60_000;
const REFRESH_AFTER_MS = 10 * 60_000;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });
const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) });

type LocalKeys = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

export interface ProviderKeys {
  /** The key that a token names, for `jwtVerify`. @throws TokenFault when the provider has none such, or was never reached. */
  readonly keyOf: LocalKeys;
  /** How old the keys at hand are, in ms; `undefined` before they came for the first time. */
  ageMs(): number | undefined;
}

async function fetchJson(url: string): Promise<unknown> {
  const answer = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(FETCH_WITHIN_MS),
  });
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
  const text = await answer.text();
  if (text.length > MOST_BYTES) throw new Error(`${url} answers with more than ${MOST_BYTES} characters`);
  return JSON.parse(text);
}

/** The provider's keys as its discovery names them. @throws Error when it is another issuer than expected. */
async function fetchKeys(issuer: string): Promise<JSONWebKeySet> {
  const found = discovery.parse(await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`));
  if (found.issuer !== issuer) throw new Error(`${issuer} says that it is ${found.issuer}`);
  // What is no key that we know is left to jose, which skips it.
  return keySet.parse(await fetchJson(found.jwks_uri));
}

/**
 * Keys of an OpenID provider: fetched when first needed, kept while the provider is away, fetched again behind the request
 * when ten minutes old, and at once for a key id that is unknown (rotation), though at most once a minute.
 */
export function providerKeys(issuer: string, note: (message: string, error: unknown) => void): ProviderKeys {
  let keys: LocalKeys | undefined;
  let fetchedAt = 0;
  let askedAt = -Infinity;
  let asking: Promise<void> | undefined;

  const refresh = (): Promise<void> =>
    (asking ??= fetchKeys(issuer)
      .then((set) => {
        keys = createLocalJWKSet(set);
        fetchedAt = performance.now();
      })
      .catch((error: unknown) => note('the keys of the identity provider could not be fetched', error))
      .finally(() => (asking = undefined)));

  /** Unless somebody asked a moment ago. */
  const ask = async (): Promise<void> => {
    if (!asking && performance.now() - askedAt < ASK_EVERY_MS) return;
    if (!asking) askedAt = performance.now();
    await refresh();
  };

  const first = async (): Promise<LocalKeys> => {
    // Without any key nobody is let in: until there is one, every request may ask, one at a time.
    if (!keys) await refresh();
    if (!keys) throw new TokenFault('the identity provider was never reached');
    return keys;
  };

  return {
    async keyOf(header, token) {
      const known = await first();
      if (performance.now() - fetchedAt > REFRESH_AFTER_MS) void ask();
      try {
        return await known(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        await ask();
        return (keys ?? known)(header, token);
      }
    },
    ageMs: () => (keys ? performance.now() - fetchedAt : undefined),
  };
}
