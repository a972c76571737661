import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { providerKeys, verifyBearer } from '@tongchou/access';
import { freePort } from '@tongchou/embedded-postgres';
import { stateFolder } from '../state/state-folder.ts';
import { issuerFiles, type IssuerFiles } from './issuer-files.ts';
import { createIssuer } from './issuer.ts';
import { AUDIENCE } from './issue-token.ts';

let folder: string;
let files: IssuerFiles;
let issuer: string;
let server: Server;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'issuer-'));
  files = await issuerFiles(stateFolder(folder));
  const port = await freePort();
  issuer = `http://127.0.0.1:${port}`;
  server = createIssuer({ ...files, issuer });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

const ask = (role: string, secret: string, form: Record<string, string> = {}): Promise<Response> =>
  fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${role}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...form }),
  });

const principal = async (reply: Response) => {
  const { access_token: token } = (await reply.json()) as { access_token: string };
  const keys = providerKeys(issuer, () => undefined);
  return verifyBearer(token, { issuer, audience: AUDIENCE, keys });
};

describe('the demo issuer', () => {
  it('gives a role its token, which its own discovery and keys prove', async () => {
    expect(await principal(await ask('director', files.secret))).toEqual({
      subject: 'demo-director',
      roles: ['director'],
    });
    const form = { district: 'Bronx', limit: '5000', as: 'li', for: 'wang' };
    expect(await principal(await ask('finance-approver', files.secret, form))).toMatchObject({
      subject: 'li',
      onBehalfOf: 'wang',
      districts: ['Bronx'],
      amountLimit: 500_000,
    });
  });

  it('gives nothing without the secret of the state folder, nor for a role that does not exist', async () => {
    expect((await ask('director', 'guess')).status).toBe(401);
    expect((await fetch(`${issuer}/token`, { method: 'POST' })).status).toBe(401);
    for (const role of ['Director', 'department_lead', 'root', 'constructor']) {
      expect([role, (await ask(role, files.secret)).status]).toEqual([role, 400]);
    }
    expect((await ask('director', files.secret, { limit: '1e9' })).status).toBe(400);
    expect((await ask('director', files.secret, { district: 'x'.repeat(20_000) })).status).toBe(400);
  });

  it('shows discovery and open keys, and nothing else', async () => {
    const { keys } = (await (await fetch(`${issuer}/jwks`)).json()) as { keys: object[] };
    expect(keys).toHaveLength(1);
    expect(Object.keys(keys[0] ?? {}).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
    for (const route of ['/', '/token', '/jwks/x', '/issuer.json']) {
      expect([route, (await fetch(issuer + route)).status]).toEqual([route, 404]);
    }
  });

  it('lets pages of this machine ask, and no others', async () => {
    const leave = async (origin: string): Promise<string | null> =>
      (await fetch(`${issuer}/token`, { method: 'OPTIONS', headers: { origin } })).headers.get(
        'access-control-allow-origin',
      );
    expect(await leave('http://127.0.0.1:4000')).toBe('http://127.0.0.1:4000');
    for (const origin of ['http://127.0.0.1.example.org', 'https://example.org', 'null']) {
      expect([origin, await leave(origin)]).toEqual([origin, null]);
    }
  });

  it('keeps its keys from start to start, for its owner alone', async () => {
    expect(await issuerFiles(stateFolder(folder))).toEqual(files);
    expect((await stat(path.join(folder, 'issuer.json'))).mode & 0o077).toBe(0);
    expect(await readFile(path.join(folder, 'issuer.json'), 'utf8')).toContain('"d"');
  });
});
