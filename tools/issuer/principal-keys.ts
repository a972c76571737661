import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { z } from 'zod';
import { readJson, type StateFolder, writeJson } from '../state/state-folder.ts';

const jwk = z.looseObject({ kty: z.literal('OKP'), kid: z.string(), x: z.string() });
const signing = jwk.extend({ d: z.string() });
const open = z.object({ keys: z.array(jwk) });

/** Services believe the key that signs and the one before it: neither side needs to be the first to know a new one. */
const BELIEVED = 2;

async function newKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  return { ...(await exportJWK(privateKey)), kid: randomUUID(), alg: 'EdDSA', use: 'sig' };
}

/** The gateway's key; `undefined` before the first start. */
export async function readSigningKey(city: StateFolder): Promise<JWK | undefined> {
  const found = signing.safeParse(await readJson(city.signingKeyFile));
  return found.success ? found.data : undefined;
}

/**
 * Makes the pair for principals between our own processes, each file for its owner's eyes only. A signing key that was
 * taken away is made anew, and the one before it stays among those that services believe.
 */
export async function settlePrincipalKeys(city: StateFolder): Promise<void> {
  const known = await readSigningKey(city);
  const key = known ?? (await newKey());
  if (!known) await writeJson(city.signingKeyFile, key);
  const found = open.safeParse(await readJson(city.principalKeysFile));
  const before = found.success ? found.data.keys : [];
  if (before.some(({ kid }) => kid === key.kid)) return;
  const { d: _, ...shown } = key;
  await writeJson(city.principalKeysFile, { keys: [shown, ...before].slice(0, BELIEVED) });
}
