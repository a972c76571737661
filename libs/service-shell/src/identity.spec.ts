import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { claimsOf, PRINCIPAL_HEADER } from '@tongchou/access';
import { EVERY_ROLE, testAccess, throwAwayDatabase } from '@tongchou/testing';
import { access, ask, call, putBook, sampleCity, SCRAPE_TOKEN } from './standing.fixture.ts';
import type { Standing } from './stand-up.ts';

let city: ReturnType<typeof sampleCity>;
let standing: Standing;
beforeAll(async () => {
  city = sampleCity(await throwAwayDatabase(), await throwAwayDatabase());
  standing = await city.stand();
});
afterAll(async () => {
  await standing.close();
  await city.drop();
});

const json = { 'content-type': 'application/json' };
const mutation = 'mutation { putBook(input: { idempotencyKey: "k", shelf: "s", title: "t" }) { consistencyToken } }';

const ROUTES: readonly [string, string, Readonly<Record<string, string>>?, string?][] = [
  ['GET', '/'],
  ['GET', '/nowhere'],
  ['GET', '/version'],
  ['GET', '/metrics'],
  ['GET', '/health'],
  ['GET', '/health/else'],
  ['GET', '/health/live/../../version'],
  ['GET', '/v1/operations/status'],
  ['POST', '/v1/operations/rebuild', json, '{"model":"shelves"}'],
  ['POST', '/v1/operations/republish'],
  ['GET', '/v1/operations/republish'],
  ['GET', '/v1/operations/parked'],
  ['GET', '/v1/operations/parked/1'],
  ['POST', '/v1/operations/parked/release', json, '{"ids":["1"]}'],
  ['POST', '/v1/operations/parked/release', json, '{"ids":['],
  ['POST', '/v1/commands', { 'content-type': 'application/x-ndjson' }, putBook('s', 't')],
  ['POST', '/graphql', json, JSON.stringify({ query: mutation })],
  ['POST', '/graphql', json, '{"query":'],
  ['GET', '/graphql?query={__typename}', { 'apollo-require-preflight': '1' }],
  ['OPTIONS', '/graphql'],
];

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = (): number => Math.floor(Date.now() / 1_000);

/** What the gateway says of somebody of every role; changed to something that it never says. */
const said = (requestId: string, changed: object = {}) => ({
  ...claimsOf(EVERY_ROLE),
  rid: requestId,
  iss: 'tongchou-gateway',
  aud: 'shelf',
  iat: now(),
  exp: now() + 60,
  ...changed,
});

async function forged(requestId: string): Promise<string> {
  const other = await testAccess();
  return other.as(EVERY_ROLE)('shelf', requestId);
}

function unsigned(requestId: string): string {
  return `${base64({ alg: 'none', kid: access.signingKey.kid })}.${base64(said(requestId))}.`;
}

/** HMAC with the public key as its secret. */
function byPublicKey(requestId: string): string {
  const text = `${base64({ alg: 'HS256', kid: access.signingKey.kid })}.${base64(said(requestId))}`;
  return `${text}.${createHmac('sha256', access.keys).update(text).digest('base64url')}`;
}

async function altered(requestId: string): Promise<string> {
  const [head, , signature] = (await access.as({ subject: 'x', roles: [] })('shelf', requestId)).split('.');
  return [head, base64(said(requestId)), signature].join('.');
}

const BAD: readonly [string, (requestId: string) => string | Promise<string> | undefined][] = [
  ['none', () => undefined],
  ['an empty one', () => ''],
  ['no token', () => 'demo'],
  ['forged: signed by another key', forged],
  ['forged: not signed', unsigned],
  ['forged: HS256 by the public key', byPublicKey],
  ['forged: other claims under a signature', altered],
  ['replayed: for another service', (requestId) => access.as(EVERY_ROLE)('costs', requestId)],
  ['replayed: of another request', () => access.as(EVERY_ROLE)('shelf', randomUUID())],
  ['expired', (requestId) => access.signed(said(requestId, { iat: now() - 120, exp: now() - 60 }))],
  ['old, though it says it is valid', (requestId) => access.signed(said(requestId, { iat: now() - 3_600 }))],
  ['not yet valid', (requestId) => access.signed(said(requestId, { nbf: now() + 60 }))],
  ['of another issuer', (requestId) => access.signed(said(requestId, { iss: 'https://id.example' }))],
  ['without a request', (requestId) => access.signed(said(requestId, { rid: undefined }))],
  ['without a subject', (requestId) => access.signed(said(requestId, { sub: undefined }))],
  ['with a scope that cannot be read', (requestId) => access.signed(said(requestId, { districts: 'Bronx' }))],
  ['with a limit that cannot be read', (requestId) => access.signed(said(requestId, { amount_limit: 'much' }))],
];

const stored = async (): Promise<unknown> =>
  (
    await city.database.query(
      'select (select count(*) from es.events) + (select count(*) from es.commands) + (select count(*) from es.republishing) as rows',
    )
  ).rows;

describe('without a principal of the gateway', () => {
  it.each(BAD)('%s: every route answers the same, and nothing is stored', async (_, tokenFor) => {
    const before = await stored();
    for (const [method, path, headers = {}, body] of ROUTES) {
      const requestId = randomUUID();
      const token = await tokenFor(requestId);
      const response = await fetch(`${standing.url}${path}`, {
        method,
        headers: { ...headers, 'x-request-id': requestId, ...(token !== undefined && { [PRINCIPAL_HEADER]: token }) },
        ...(body !== undefined && { body }),
      });
      const error = { code: 'UNAUTHENTICATED', service: 'shelf', requestId, retryable: false };
      const message = 'The request does not prove who is asking.';
      const inGraph = path.startsWith('/graphql');
      expect([path, response.status, await response.json()]).toEqual([
        path,
        401,
        inGraph ? { errors: [{ message, extensions: error }] } : { error: { ...error, message } },
      ]);
    }
    expect(await stored()).toEqual(before);
  });

  it('probes answer', async () => {
    for (const path of ['live', 'ready', 'startup']) {
      expect((await fetch(`${standing.url}/health/${path}`)).ok).toBe(true);
    }
  });

  it('two principals are none', async () => {
    const headers = new Headers(await access.headers('shelf'));
    headers.append(PRINCIPAL_HEADER, headers.get(PRINCIPAL_HEADER) ?? '');
    expect((await fetch(`${standing.url}/version`, { headers })).status).toBe(401);
  });

  it('a body that goes on and on is not waited for', async () => {
    const body = new ReadableStream({ pull: (out) => out.enqueue(Buffer.alloc(65_536, 'x')) });
    const init = { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body, duplex: 'half' } as const;
    const status = await fetch(`${standing.url}/v1/commands`, init).then(
      (response) => response.status,
      // Whoever cannot stop sending may meet the end of the connection before it reads.
      () => 401,
    );
    expect(status).toBe(401);
  });
});

describe('the figures', () => {
  const scrape = async (authorization: string, path = '/metrics'): Promise<number> =>
    (await fetch(`${standing.url}${path}`, { headers: { authorization } })).status;

  it('are for the scrape token, and the scrape token is for nothing else', async () => {
    expect(await scrape(`Bearer ${SCRAPE_TOKEN}`)).toBe(200);
    for (const wrong of [SCRAPE_TOKEN, 'Bearer ', `Bearer ${SCRAPE_TOKEN}x`, `Basic ${SCRAPE_TOKEN}`]) {
      expect(await scrape(wrong)).toBe(401);
    }
    for (const path of ['/version', '/v1/operations/status', '/metrics/', '/METRICS', '/graphql']) {
      expect(await scrape(`Bearer ${SCRAPE_TOKEN}`, path)).toBe(401);
    }
  });

  it('are for administrators and auditors, and no other role', async () => {
    const statusFor = async (role: 'auditor' | 'director'): Promise<number> =>
      (await call(`${standing.url}/metrics`, {}, { subject: 'x', roles: [role] })).status;
    expect([await statusFor('auditor'), await statusFor('director')]).toEqual([200, 403]);
  });

  it('have no token of their own unless it is set', async () => {
    const { metricsToken: _, ...config } = city.config;
    const without = await city.stand(0, undefined, { ...config, metricsToken: undefined });
    for (const token of [SCRAPE_TOKEN, 'undefined', '']) {
      const headers = { authorization: `Bearer ${token}` };
      expect((await fetch(`${without.url}/metrics`, { headers })).status).toBe(401);
    }
    await without.close();
  });
});

describe('while keys are changed', () => {
  it('both are believed', async () => {
    const next = await testAccess();
    const keys: { keys: object[] }[] = [access.keys, next.keys].map((text) => JSON.parse(text));
    const principalKeys = { keys: keys.flatMap((set) => set.keys) };
    const both = await city.stand(0, undefined, { ...city.config, principalKeys });
    for (const one of [access, next]) {
      expect((await fetch(`${both.url}/version`, { headers: await one.headers('shelf') })).status).toBe(200);
    }
    await both.close();
    expect((await fetch(`${standing.url}/version`, { headers: await next.headers('shelf') })).status).toBe(401);
    expect((await ask(standing.url, '{ __typename }')).errors).toBeUndefined();
  });
});
