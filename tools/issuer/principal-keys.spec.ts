import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { principalSigner, principalVerifier } from '@tongchou/access';
import type { JSONWebKeySet } from 'jose';
import { stateFolder } from '../state/state-folder.ts';
import { readSigningKey, settlePrincipalKeys } from './principal-keys.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'principal-keys-'));
const city = stateFolder(folder);
afterAll(() => rm(folder, { recursive: true }));

const principal = { subject: 'li', roles: ['director'] } as const;

async function signed(): Promise<string> {
  const key = await readSigningKey(city);
  if (!key) throw new Error('there is no key');
  return (await principalSigner(key))(principal, 'costs', 'r-1');
}

const believed = async (token: string): Promise<unknown> => {
  const keys = JSON.parse(await readFile(city.principalKeysFile, 'utf8')) as JSONWebKeySet;
  expect(JSON.stringify(keys)).not.toContain('"d"');
  return principalVerifier(keys, 'costs')(token, 'r-1');
};

it('makes a pair once, for its owner alone, and keeps the former key believed when the pair is made anew', async () => {
  await settlePrincipalKeys(city);
  const first = await signed();
  expect(await believed(first)).toEqual(principal);
  for (const file of [city.signingKeyFile, city.principalKeysFile]) expect((await stat(file)).mode & 0o077).toBe(0);
  const made = await readSigningKey(city);
  await settlePrincipalKeys(city);
  expect(await readSigningKey(city)).toEqual(made);

  await rm(city.signingKeyFile);
  await settlePrincipalKeys(city);
  expect(await readSigningKey(city)).not.toEqual(made);
  expect(await believed(first)).toEqual(principal);
  expect(await believed(await signed())).toEqual(principal);

  await rm(city.signingKeyFile);
  await settlePrincipalKeys(city);
  await expect(believed(first)).rejects.toThrow();
  expect(await believed(await signed())).toEqual(principal);
});
