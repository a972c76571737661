import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PRINCIPAL_HEADER, principalVerifier } from '@tongchou/access';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { Provider } from 'oidc-provider';
import { sampleCity, type SampleCity } from './sample-city.ts';

const SECRET = 'a-secret-of-the-office-0815';
const RESOURCE = 'https://tongchou.office.example';

/** What the office's directory knows of its machines. */
const CLAIMS: Readonly<Record<string, object>> = {
  'gis-import': { roles: ['integrator'], departments: ['Bridges'] },
  'bronx-map': { roles: ['inspector', 'no-such-role'], districts: ['Bronx'], amount_limit: '5000.00' },
  'broken-map': { roles: ['inspector'], districts: 'Bronx' },
};

async function privateKey(kid: string): Promise<JWK> {
  const { privateKey: secret } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(secret)), kid, alg: 'RS256', use: 'sig' };
}

/** A certified OpenID provider as an office runs one: machines are clients, access tokens are JWTs for our audience. */
const configuration = (keys: readonly JWK[]): object => ({
  jwks: { keys },
  clients: Object.keys(CLAIMS).map((id) => ({
    client_id: id,
    client_secret: SECRET,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  })),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({ scope: '', audience: 'tongchou', accessTokenFormat: 'jwt' }),
    },
  },
  ttl: { ClientCredentials: 600 },
  // Access tokens prove themselves, so that nothing is kept.
  adapter: () => ({ upsert: () => Promise.resolve(), find: () => Promise.resolve() }),
  extraTokenClaims: (_context: unknown, { clientId }: { readonly clientId: string }) => CLAIMS[clientId],
});

let server: Server;
let issuer = '';

/** Runs the provider with these keys at the address that it always has. */
async function serve(keys: readonly JWK[]): Promise<void> {
  const port = issuer === '' ? 0 : Number(new URL(issuer).port);
  server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answer = new Provider(issuer, configuration(keys)).callback();
  server.on('request', (request, response) => {
    // No connection outlives its answer, so that none of an earlier run is tried again.
    response.setHeader('connection', 'close');
    answer(request, response);
  });
}

async function goAway(): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

async function tokenOf(client: string, resource = RESOURCE): Promise<string> {
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${client}:${SECRET}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...(resource !== '' && { resource }) }),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return token;
}

let city: SampleCity;
let first: JWK;
beforeAll(async () => {
  first = await privateKey('first');
  await serve([first]);
  city = await sampleCity({ OIDC_ISSUER: issuer });
});
afterAll(async () => {
  await city.close();
  await goAway();
});

const ask = async (token: string): Promise<number> =>
  (await city.ask('{ other }', {}, { authorization: `Bearer ${token}`, 'x-request-id': 'request-0815' })).status;

describe("an office's own identity provider", () => {
  it('proves who a machine is, and what narrows it', async () => {
    expect(await ask(await tokenOf('gis-import'))).toBe(200);
    expect(await ask(await tokenOf('bronx-map'))).toBe(200);
    const verify = principalVerifier(JSON.parse(city.access.keys), 'projects');
    const heard = city.projects.heard.map(({ headers }) => verify(String(headers[PRINCIPAL_HEADER]), 'request-0815'));
    expect(await Promise.all(heard)).toEqual([
      { subject: 'gis-import', roles: ['integrator'], departments: ['Bridges'] },
      { subject: 'bronx-map', roles: ['inspector'], districts: ['Bronx'], amountLimit: 500_000 },
    ]);
  });

  it('lets nobody in by a scope that cannot be read, nor by a token that is for the provider itself', async () => {
    expect(await ask(await tokenOf('broken-map'))).toBe(401);
    expect(await ask(await tokenOf('gis-import', ''))).toBe(401);
  });

  it('may go away: tokens that it gave are taken while they live', async () => {
    const [known, fresh] = [await tokenOf('gis-import'), await tokenOf('gis-import')];
    expect(await ask(known)).toBe(200);
    await goAway();
    expect([await ask(known), await ask(fresh)]).toEqual([200, 200]);
    await serve([first]);
    expect(await ask(await tokenOf('gis-import'))).toBe(200);
  });

  it('may change its keys: both are taken while it shows both, the new one at once', async () => {
    const old = await tokenOf('gis-import');
    const second = await privateKey('second');
    await goAway();
    await serve([second, first]);
    const fresh = await tokenOf('gis-import');
    expect(JSON.parse(Buffer.from(fresh.split('.')[0] ?? '', 'base64url').toString())).toMatchObject({ kid: 'second' });
    expect([await ask(fresh), await ask(old)]).toEqual([200, 200]);
  });
});
