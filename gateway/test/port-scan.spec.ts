import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { type RunningCity, startCity } from './running-city.ts';

const LONG_MS = 240_000;
const HEALTH = ['/health/live', '/health/ready', '/health/startup'];
const EXPLORER = [
  '',
  '/react.js',
  '/react-dom.js',
  '/graphiql.js',
  '/graphiql.css',
  '/start.js',
  '/sign-in.js',
  '/page.css',
  '/examples.json',
  '/access.json',
].map((file) => `/graphiql${file}`);

/** What each own port answers to somebody who shows nothing; the issuer also says that it is there. */
const OPEN = {
  gateway: [...HEALTH, ...EXPLORER],
  projects: HEALTH,
  costs: HEALTH,
  issuer: ['/.well-known/openid-configuration', '/jwks', '/health/ready'],
};
type Own = keyof typeof OPEN;
const OWN: readonly Own[] = ['gateway', 'projects', 'costs', 'issuer'];

const OTHERS = [
  ...['/', '/graphql', '/graphql/', '/graphql?query={__typename}', '/metrics', '/metrics/', '/version', '/status'],
  ...['/v1', '/v1/commands', '/v1/projects/commands', '/v1/nowhere/commands', '/v1/openapi.json', '/openapi.json'],
  ...['/v1/operations/status', '/v1/operations/parked', '/v1/operations/parked/1', '/v1/operations/parked/release'],
  ...['/v1/operations/rebuild', '/v1/operations/republish', '/v1/projects/operations/status'],
  ...[
    '/v1/costs/operations/rebuild',
    '/v1/nowhere/operations/status',
    '/.well-known/jwks.json',
    '/token',
    '/issuer.json',
  ],
  ...['/docs', '/api', '/admin', '/debug', '/favicon.ico', '/robots.txt', '/.env', '/.git/config', '/package.json'],
  ...['/health', '/health/', '/health/anything', '/graphiql/page.html', '/graphiql/examples', '/graphiql/nothing.js'],
  // Ways to be taken for an open path by one part and for another by the next.
  ...['/health/../metrics', '/health/live/../../metrics', '/health/%2e%2e/metrics', '/health/live%2f..%2f..%2fmetrics'],
  ...[
    '//metrics',
    '/./metrics',
    '/metrics?/health/live',
    '/metrics#/health/live',
    '/METRICS',
    '/Health/Live/../../metrics',
  ],
  ...['/graphiql/../metrics', '/graphiql/..%2fmetrics', '/graphiql/%2e%2e%2fpackage.json', '/health/live;/metrics'],
];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'];

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** As it stands: `fetch` would put the path right first. */
function ask(origin: string, method: string, target: string): Promise<Answer> {
  const { hostname, port } = new URL(origin);
  const sends = method === 'POST' || method === 'PUT' || method === 'PATCH';
  const headers = sends ? { 'content-type': 'application/json' } : {};
  return new Promise((resolve, fail) => {
    const asked = request({ hostname, port, method, path: target, headers, agent: false }, (reply) => {
      text(reply).then((body) => resolve({ status: reply.statusCode ?? 0, body }), fail);
    });
    asked.once('error', fail);
    asked.end(sends ? '{"query":"{ works(first: 1) { totalCount } }"}' : undefined);
  });
}

let city: RunningCity;
let origins: Readonly<Record<Own, string>>;

beforeAll(async () => {
  city = await startCity(['--no-demo', '--port-base', '43500'], { CURRENCY: 'USD', REFERENCE_DATE: '2018-08-31' });
  const found = await Promise.all(OWN.map(async (own) => [own, (await city.instances(own))[0]?.url] as const));
  origins = Object.fromEntries(found) as typeof origins;
}, LONG_MS);
afterAll(() => city.close(), LONG_MS);

describe('a port scan without credentials', () => {
  it.each(OWN)('gets from %s what is open', async (own) => {
    for (const target of OPEN[own]) {
      const { status, body } = await ask(origins[own], 'GET', target);
      expect([target, status]).toEqual([target, 200]);
      expect(body).not.toBe('');
    }
  });

  it.each(OWN)(
    'gets from %s nothing else',
    async (own) => {
      const answered: string[] = [];
      const words = new Set<string>();
      for (const method of METHODS) {
        for (const target of [...OPEN.gateway, ...OPEN.issuer, ...OTHERS]) {
          if (OPEN[own].includes(target) && ['GET', 'HEAD', 'OPTIONS'].includes(method)) continue;
          const { status, body } = await ask(origins[own], method, target);
          if (status < 400) answered.push(`${method} ${target}: ${status} ${body.slice(0, 200)}`);
          if (status === 401) words.add(body.replaceAll(/[0-9a-f-]{36}/g, 'ID'));
          expect(body).not.toMatch(/ECONN|127\.0\.0\.1|node_modules|\bat \S+ \(|select |tongchou_/);
        }
      }
      expect(answered).toEqual([]);
      // Whatever it is that somebody may not ask for, it is said in the same words: in one of the forms that bodies have.
      expect(words.size).toBeLessThanOrEqual(4);
    },
    LONG_MS,
  );

  it('gets nothing from the database', async () => {
    const [postgres] = await city.instances('postgres');
    const { hostname, port } = new URL(postgres?.url ?? '');
    for (const user of ['tongchou', 'postgres', 'nobody']) {
      const client = new pg.Client({
        host: hostname,
        port: Number(port),
        user,
        password: 'guess',
        database: 'projects',
      });
      client.on('error', () => undefined);
      await expect(client.connect()).rejects.toThrow(/authentication failed/);
    }
  });

  it('finds no key and no secret in the logs', async () => {
    const read = async (file: string): Promise<Record<string, unknown>> =>
      JSON.parse(await readFile(path.join(city.state, file), 'utf8')) as Record<string, unknown>;
    const secrets = [(await read('issuer.json'))['secret'], (await read('principal-signing-key.json'))['d']];
    for (const app of OWN) {
      const log = await readFile(path.join(city.state, 'logs', `${app}.log`), 'utf8');
      for (const secret of secrets) expect(log.includes(String(secret))).toBe(false);
      expect(log).not.toMatch(/eyJ[\w-]{10,}\./);
    }
  });
});
