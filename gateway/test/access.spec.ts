import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Principal, PRINCIPAL_HEADER, principalVerifier } from '@tongchou/access';
import { getIntrospectionQuery } from 'graphql';
import { sampleCity, type SampleCity } from './sample-city.ts';

const METRICS_TOKEN = 'figures-and-nothing-else';

let city: SampleCity;
beforeAll(async () => void (city = await sampleCity({ METRICS_TOKEN })));
afterAll(() => city.close());
afterEach(() => {
  city.projects.forget();
  city.costs.forget();
});

const asked = (): number => city.projects.heard.length + city.costs.heard.length;
const now = (): number => Math.floor(Date.now() / 1_000);
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Sends header lines exactly as given, which `fetch` does not. */
async function send(method: string, path: string, headers: readonly string[], body = ''): Promise<Reply> {
  const request = httpRequest(city.gateway.url, {
    method,
    path,
    headers: ['Host', 'gateway', 'Content-Type', 'application/json', ...headers],
    agent: false,
  });
  request.end(body);
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const piece of answer) text += String(piece);
  return { status: answer.statusCode ?? 0, headers: answer.headers, text };
}

/** Everything that could be asked for, and things that do not exist beside those that do. */
const REQUESTS: readonly (readonly [string, string, string?])[] = [
  ['POST', '/graphql', '{"query":"{ works { totalCount } }"}'],
  [
    'POST',
    '/graphql',
    '{"query":"mutation { registerProject(input: {idempotencyKey: \\"k\\", name: \\"n\\"}) { consistencyToken } }"}',
  ],
  ['POST', '/graphql', 'no json'],
  ['GET', '/graphql?query=%7Bother%7D'],
  ['POST', '/GRAPHQL', '{"query":"{ other }"}'],
  ['POST', '/v1/costs/commands', '{}'],
  ['POST', '/v1/nothing/commands', '{}'],
  ['GET', '/v1/costs/operations/status'],
  ['POST', '/v1/costs/operations/rebuild', '{"model":"works"}'],
  ['GET', '/version'],
  ['GET', '/metrics'],
  ['GET', '/'],
  ['GET', '/nowhere'],
  ['POST', '/graphiql'],
  ['GET', '/graphiql/../graphql'],
  ['GET', '/graphiql/a/b'],
  ['GET', '//health/live'],
  ['POST', '/health/live', '{}'],
  ['OPTIONS', '/graphql'],
];

async function faulty(): Promise<Record<string, readonly string[]>> {
  const { issuer } = city;
  const bearer = (token: string): readonly string[] => ['Authorization', `Bearer ${token}`];
  const good = await issuer.token();
  const [, payload = '', signature = ''] = good.split('.');
  const hmac = `${part({ alg: 'HS256', kid: 'key-1' })}.${payload}`;
  return {
    'no token': [],
    'an empty header': ['Authorization', ''],
    'Bearer without a token': ['Authorization', 'Bearer '],
    'another scheme': ['Authorization', `Basic ${Buffer.from('director:secret').toString('base64')}`],
    'the scrape token': bearer(METRICS_TOKEN),
    'two headers': [...bearer(good), ...bearer(good)],
    'two headers, one of them good': [...bearer(good), 'authorization', 'Bearer x.y.z'],
    'two tokens in one header': ['Authorization', `Bearer ${good}, Bearer ${good}`],
    'a token in the address only': [],
    noise: bearer('a.b.c'),
    expired: bearer(await issuer.token({ exp: now() - 31 })),
    'not yet valid': bearer(await issuer.token({ nbf: now() + 60 })),
    'for ever': bearer(await issuer.token({ exp: undefined })),
    'of nobody': bearer(await issuer.token({ sub: undefined })),
    'for another audience': bearer(await issuer.token({ aud: 'another' })),
    'of another issuer': bearer(await issuer.token({ iss: 'http://127.0.0.1:1' })),
    'alg none': bearer(`${part({ alg: 'none' })}.${payload}.`),
    'alg none with a signature': bearer(`${part({ alg: 'none', kid: 'key-1' })}.${payload}.${signature}`),
    'HS256 by the public key': bearer(
      `${hmac}.${createHmac('sha256', await issuer.publicText())
        .update(hmac)
        .digest('base64url')}`,
    ),
    'an unknown key': bearer(await issuer.foreign()),
    'a changed claim': bearer(
      good.replace(payload, part({ iss: issuer.url, aud: 'tongchou', sub: 'root', exp: now() + 60 })),
    ),
    'districts that are no list': bearer(await issuer.token({ districts: 'Bronx' })),
    'a token of 13 kB': bearer(await issuer.token({ filling: 'x'.repeat(9_500) })),
    'a principal of our own making': [
      ...['X-Tongchou-Principal', await city.access.as({ subject: 'root', roles: ['director'] })('costs', 'request-1')],
      ...['X-Request-Id', 'request-1'],
    ],
  };
}

describe('who proves nothing', () => {
  it('is answered 401 in the same words, whatever is wrong and whatever is asked for', async () => {
    const words = new Set<string>();
    for (const [fault, headers] of Object.entries(await faulty())) {
      for (const [method, path, body] of REQUESTS) {
        if (fault === 'the scrape token' && path === '/metrics') continue;
        const { status, headers: answered, text } = await send(method, path, headers, body);
        expect([fault, method, path, status, answered['www-authenticate']]).toEqual([
          fault,
          method,
          path,
          401,
          'Bearer',
        ]);
        expect(answered['cache-control']).toBe('no-store');
        const isGraph = path.split('?')[0] === '/graphql';
        const parsed = JSON.parse(text);
        const error = isGraph ? parsed.errors[0].extensions : parsed.error;
        expect([path, text, error]).toMatchObject([
          path,
          text,
          { code: 'UNAUTHENTICATED', service: 'gateway', retryable: false },
        ]);
        words.add(isGraph ? parsed.errors[0].message : error.message);
      }
    }
    expect([...words]).toEqual(['Send a valid bearer token: authorization: Bearer TOKEN.']);
    expect(asked()).toBe(0);
  });

  it('is told so before the body has come', async () => {
    const request = httpRequest(`${city.gateway.url}/graphql`, { method: 'POST', agent: false });
    request.on('error', () => undefined).write('{"query":');
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    expect([answer.statusCode, answer.headers.connection]).toEqual([401, 'close']);
    request.destroy();
  });

  it('with 100 kB of token is refused by the size of the header', async () => {
    const socket = connect(Number(new URL(city.gateway.url).port), '127.0.0.1');
    // What it still sends when the answer stands may meet a closed connection.
    socket.on('error', () => undefined);
    socket.write(`GET /version HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer a.b.${'c'.repeat(100_000)}\r\n\r\n`);
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1.1 431 /);
    socket.destroy();
  });

  it('learns no schema', async () => {
    const answer = await city.ask(getIntrospectionQuery(), {}, { authorization: 'Bearer a.b.c' });
    expect([answer.status, answer.text.includes('__schema')]).toEqual([401, false]);
    expect((await city.ask('{ __schema { queryType { name } } }')).body.errors).toBeUndefined();
  });

  it('gets the probes and the page of the explorer', async () => {
    for (const path of ['/health/live', '/health/ready', '/health/startup', '/graphiql', '/graphiql/start.js']) {
      expect([path, (await send('GET', path, [])).status]).toEqual([path, 200]);
    }
  });
});

describe('who has a role', () => {
  const status = async (path: string, claims: object): Promise<number> =>
    (await city.fetch(path, { headers: { authorization: `Bearer ${await city.issuer.token({ ...claims })}` } })).status;

  it('reads what runs here; with none, or with one that does not exist, they do not', async () => {
    expect(await status('/version', { roles: ['citizen-desk'] })).toBe(200);
    for (const roles of [[], ['Director'], ['root', '__proto__'], undefined]) {
      expect([roles, await status('/version', { roles })]).toEqual([roles, 403]);
      expect([roles, await status('/VERSION/', { roles })]).toEqual([roles, 403]);
    }
  });

  it('reads the figures as administrator or auditor, or with the scrape token', async () => {
    expect(await status('/metrics', { roles: ['administrator'] })).toBe(200);
    expect(await status('/metrics', { roles: ['auditor'] })).toBe(200);
    expect(await status('/metrics', { roles: ['director'] })).toBe(403);
    expect((await send('GET', '/metrics', ['Authorization', `Bearer ${METRICS_TOKEN}`])).status).toBe(200);
    const twice = ['Authorization', `Bearer ${METRICS_TOKEN}`];
    expect((await send('GET', '/metrics', [...twice, ...twice])).status).toBe(401);
    expect((await send('GET', '/METRICS', twice)).status).toBe(401);
  });

  it('is told to each service, for this request, whatever their own headers say', async () => {
    const authorization = `Bearer ${await city.issuer.token({ sub: 'wang', act: { sub: 'li' }, roles: ['inspector'], districts: ['Bronx'] })}`;
    await city.ask(
      '{ works(first: 1) { nodes { project { costSheet { budget } } } } }',
      {},
      {
        authorization,
        'x-request-id': 'request-0815',
        [PRINCIPAL_HEADER]: await city.access.as({ subject: 'root', roles: ['director'] })('projects', 'request-0815'),
      },
    );
    for (const service of ['projects', 'costs'] as const) {
      const [heard] = city[service].heard;
      expect(heard?.headers['authorization']).toBeUndefined();
      expect(heard?.headers['x-request-id']).toBe('request-0815');
      const verify = principalVerifier(JSON.parse(city.access.keys), service);
      expect(await verify(String(heard?.headers[PRINCIPAL_HEADER]), 'request-0815')).toEqual({
        subject: 'li',
        onBehalfOf: 'wang',
        roles: ['inspector'],
        districts: ['Bronx'],
      });
    }
  });
});

describe('answers', () => {
  it('belong to who asked: the same question at the same time is asked for each of them', async () => {
    const verify = principalVerifier(JSON.parse(city.access.keys), 'projects');
    const names = Array.from({ length: 20 }, (_, index) => `person-${index}`);
    const question = '{ works(first: 2) { nodes { project { name costSheet { budget } } } } }';
    const answers = await Promise.all(
      names.map(async (sub) =>
        city.ask(
          question,
          {},
          { authorization: `Bearer ${await city.issuer.token({ sub })}`, 'x-request-id': `id-of-${sub}` },
        ),
      ),
    );
    for (const { headers, body } of answers) {
      expect(body.errors).toBeUndefined();
      expect([headers.get('cache-control'), headers.get('vary')]).toEqual([
        'no-store',
        expect.stringMatching(/authorization/i),
      ]);
    }
    const heard = await Promise.all(
      city.projects.heard.map(async ({ headers }): Promise<Principal> =>
        verify(String(headers[PRINCIPAL_HEADER]), String(headers['x-request-id'])),
      ),
    );
    expect(heard.map(({ subject }) => subject).toSorted()).toEqual(names.toSorted());
    expect(city.costs.heard).toHaveLength(names.length);
  });

  it("of a service that does not believe the gateway are told as its failure, not as the client's", async () => {
    const other = await sampleCity();
    other.projects.mood = 'disbelieving';
    other.costs.mood = 'disbelieving';
    const { status, body } = await other.ask('{ project(id: "p1") { name } }');
    expect([status, body.errors?.[0]?.extensions['code']]).toEqual([200, 'SUBGRAPH_UNAVAILABLE']);
    const door = await other.fetch('/v1/costs/operations/rebuild', { method: 'POST', body: '{}' });
    expect([door.status, await door.json()]).toMatchObject([503, { error: { code: 'SUBGRAPH_UNAVAILABLE' } }]);
    await other.close();
  });
});

describe('the provider', () => {
  const works = async (of: SampleCity, token: string): Promise<number> =>
    (await of.ask('{ other }', {}, { authorization: `Bearer ${token}` })).status;

  it('may be away when the gateway starts, and later: its keys serve on', async () => {
    const other = await sampleCity();
    await other.issuer.stop();
    expect(await works(other, await other.issuer.token())).toBe(401);
    expect((await fetch(`${other.gateway.url}/health/ready`)).status).toBe(200);
    await other.issuer.start();
    expect(await works(other, await other.issuer.token())).toBe(200);
    await other.issuer.stop();
    expect(await works(other, await other.issuer.token({ sub: 'somebody-else' }))).toBe(200);
    expect(await works(other, await other.issuer.foreign())).toBe(401);
    await other.issuer.start();
    await other.close();
  });

  it('may change its keys: the new one is taken at once', async () => {
    const other = await sampleCity();
    expect(await works(other, await other.issuer.token())).toBe(200);
    await other.issuer.rotate();
    expect(await works(other, await other.issuer.token())).toBe(200);
    await other.close();
  });
});
