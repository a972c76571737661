import { randomBytes, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { z } from 'zod';
import { readJson, type StateFolder, writeJson } from '../state/state-folder.ts';

const jwk = z.looseObject({ kty: z.string(), kid: z.string() });

const files = z.object({
  /** Private keys; the last one signs. */
  keys: z.array(jwk).min(1),
  /** Whoever knows it may ask for tokens: those who can read the state folder. */
  secret: z.string().min(20),
});

export interface IssuerFiles {
  readonly keys: readonly [JWK, ...JWK[]];
  readonly secret: string;
}

export const ALGORITHM = 'RS256';

async function newKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: randomUUID(), alg: ALGORITHM, use: 'sig' };
}

/** What the demo issuer of a city signs with; `undefined` before its first start. */
export async function readIssuerFiles(city: StateFolder): Promise<IssuerFiles | undefined> {
  const found = files.safeParse(await readJson(city.issuerFile));
  if (!found.success) return undefined;
  const [first, ...more] = found.data.keys;
  return first && { keys: [first, ...more], secret: found.data.secret };
}

/** The same, made where it is missing: for its owner's eyes only. */
export async function issuerFiles(city: StateFolder): Promise<IssuerFiles> {
  const known = await readIssuerFiles(city);
  if (known) return known;
  const made: IssuerFiles = { keys: [await newKey()], secret: randomBytes(24).toString('base64url') };
  await writeJson(city.issuerFile, made);
  return made;
}
