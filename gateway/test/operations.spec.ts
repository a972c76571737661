import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PRINCIPAL_HEADER, principalVerifier } from '@tongchou/access';
import { sampleCity, type SampleCity } from './sample-city.ts';

interface Heard {
  readonly request: IncomingMessage;
  readonly body: string;
}

const heard: Heard[] = [];

async function answer(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const piece of request) body += String(piece);
  // The gateway looks whether they live while it is asked.
  if (request.url !== '/health/live') heard.push({ request, body });
  const status = request.url?.endsWith('/nothing') ? 404 : 200;
  response.writeHead(status, { 'content-type': 'application/json', 'x-inside': 'x' });
  response.end(JSON.stringify({ name }));
}

async function instance(name: string): Promise<Server> {
  const server = createServer((request, response) => void answer(name, request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const originOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

let instances: Server[];
let city: SampleCity;
beforeAll(async () => {
  instances = await Promise.all(['one', 'two'].map(instance));
  city = await sampleCity({ COSTS_URL: instances.map(originOf).join(','), PROJECTS_URL: 'http://127.0.0.1:1' });
});
afterAll(async () => {
  await city.close();
  for (const server of instances) {
    server.closeAllConnections();
    server.close();
  }
});
beforeEach(() => void heard.splice(0));

const read = async (path: string, headers = {}): Promise<unknown> => (await city.fetch(path, { headers })).json();

describe("operators' routes behind the gateway", () => {
  it('are passed with question, body and answer, and with who asks', async () => {
    const parked = await city.fetch('/v1/costs/operations/parked?limit=5&source=projects', {
      headers: { 'x-request-id': 'look-0815', [PRINCIPAL_HEADER]: 'forged', cookie: 'a=b' },
    });
    expect([parked.status, parked.headers.get('content-type'), parked.headers.get('x-inside')]).toEqual([
      200,
      'application/json',
      null,
    ]);
    expect(parked.headers.get('cache-control')).toBe('no-store');
    await city.post('/v1/costs/operations/rebuild', '{"model":"sheets"}', { 'x-request-id': 'work-0815' });
    expect(heard.map(({ request: { method, url }, body }) => [method, url, body])).toEqual([
      ['GET', '/v1/operations/parked?limit=5&source=projects', ''],
      ['POST', '/v1/operations/rebuild', '{"model":"sheets"}'],
    ]);
    const verify = principalVerifier(JSON.parse(city.access.keys), 'costs');
    for (const [at, id] of ['look-0815', 'work-0815'].entries()) {
      const headers = heard[at]?.request.headers ?? {};
      expect(headers).toMatchObject({ 'x-request-id': id, traceparent: expect.any(String) });
      expect(headers).not.toHaveProperty('authorization');
      expect(headers).not.toHaveProperty('cookie');
      expect(await verify(String(headers[PRINCIPAL_HEADER]), id)).toMatchObject({ subject: 'tester' });
    }
  });

  it('answer as the service does, also that there is nothing', async () => {
    expect((await city.fetch('/v1/costs/operations/nothing')).status).toBe(404);
    expect(heard).toHaveLength(1);
  });

  it('go round among the instances, or to the one that is named', async () => {
    const seen = new Set<string>();
    for (let turn = 0; turn < 4; turn += 1) seen.add(JSON.stringify(await read('/v1/costs/operations/status')));
    expect(seen.size).toBe(2);
    for (const [at, name] of ['one', 'two'].entries()) {
      for (let again = 0; again < 3; again += 1) {
        const headers = { 'x-tongchou-instance': String(at + 1) };
        expect(await read('/v1/costs/operations/status', headers)).toEqual({ name });
      }
    }
    for (const member of ['0', '3', '-1', '1.5', 'one', '__proto__']) {
      expect(await read('/v1/costs/operations/status', { 'x-tongchou-instance': member })).toMatchObject({
        error: { code: 'NOT_FOUND' },
      });
    }
  });

  it('say so when nobody is there', async () => {
    const away = await city.fetch('/v1/projects/operations/status');
    expect([away.status, await away.json()]).toMatchObject([503, { error: { code: 'SUBGRAPH_UNAVAILABLE' } }]);
  });

  it.each([
    '/v1/costs/operations',
    '/v1/costs/operations/',
    '/v1/costs/operations/..%2fcommands',
    '/v1/costs/operations/../commands',
    '/v1/costs/operations/%2e%2e/commands',
    '/v1/costs/operations/./status',
    '/v1/costs/operations//status',
    '/v1/nothing/operations/status',
    '/v1/__proto__/operations/status',
    '/v1/costs/other/status',
  ])('lead nowhere else: %s', async (path) => {
    const request = httpRequest(city.gateway.url, { path, headers: { authorization: city.authorization } }).end();
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    answer.resume();
    expect([answer.statusCode, heard.length]).toEqual([404, 0]);
  });

  it('take no other methods', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      expect((await city.fetch('/v1/costs/operations/status', { method })).status).toBe(404);
    }
    expect(heard).toHaveLength(0);
  });

  it.each(['GET', 'HEAD'])('carry no second request in the body of a %s', async (method) => {
    const second = 'POST /v1/operations/rebuild HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n';
    const socket = connect(Number(new URL(city.gateway.url).port), '127.0.0.1');
    socket.write(
      `${method} /v1/costs/operations/status HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\nauthorization: ${city.authorization}\r\ncontent-length: ${second.length}\r\n\r\n${second}`,
    );
    let answer = '';
    for await (const piece of socket) answer += String(piece);
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(heard.map(({ request, body }) => [request.url, body])).toEqual([['/v1/operations/status', '']]);
  });
});
