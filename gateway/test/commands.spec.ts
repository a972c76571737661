import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PRINCIPAL_HEADER, principalVerifier } from '@tongchou/access';
import { sampleCity, type SampleCity } from './sample-city.ts';

type Service = (request: IncomingMessage, response: ServerResponse) => void;

let service: Service;
let door: Server;
let city: SampleCity;
beforeAll(async () => {
  door = createServer((request, response) => service(request, response));
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  const { port } = door.address() as AddressInfo;
  city = await sampleCity({ COSTS_URL: `http://127.0.0.1:${port}`, PROJECTS_URL: 'http://127.0.0.1:1' });
});
afterAll(async () => {
  await city.close();
  door.closeAllConnections();
  await new Promise((resolve) => door.close(resolve));
});

/** A bulk door that answers each line as it comes. */
const echo: Service = (request, response) => {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const lines = createInterface({ input: request });
  let line = 0;
  lines.on('line', (text) =>
    response.write(`${JSON.stringify({ line: ++line, status: 'accepted', got: JSON.parse(text) })}\n`),
  );
  lines.on('close', () => response.end());
};

beforeEach(() => {
  service = echo;
});

const header = (headers: IncomingMessage['headers']): string => String(headers[PRINCIPAL_HEADER]);

const open = (path = '/v1/costs/commands', headers: Record<string, string> = {}) =>
  httpRequest(`${city.gateway.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', authorization: city.authorization, ...headers },
  });

async function answerOf(
  request: ReturnType<typeof open>,
): Promise<{ status: number; body: string; answer: IncomingMessage }> {
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of answer) body += String(chunk);
  return { status: answer.statusCode ?? 0, body, answer };
}

describe('a connection that breaks before anything was answered', () => {
  const breaks: Service = (request) => request.once('data', () => request.socket.destroy());
  /** The gateway also looks whether an instance is alive. */
  const counting = (answer: (nth: number) => Service, asked = { times: 0 }): Service & { asked: typeof asked } =>
    Object.assign(
      (request: IncomingMessage, response: ServerResponse) =>
        request.method === 'GET' ? void response.end('{}') : answer(++asked.times)(request, response),
      { asked },
    );
  const sent = '{"command":"A"}\n{"command":"B"}\n';
  let two: SampleCity;
  let other: Server;
  beforeAll(async () => {
    other = createServer((request, response) => service(request, response));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const [one, another] = [door, other].map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    two = await sampleCity({ COSTS_URL: `${one},${another}`, PROJECTS_URL: 'http://127.0.0.1:1' });
  });
  afterAll(async () => {
    await two.close();
    other.closeAllConnections();
    await new Promise((resolve) => other.close(resolve));
  });
  const post = (body: string): Promise<Response> =>
    fetch(`${two.gateway.url}/v1/costs/commands`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', authorization: two.authorization },
      body,
    });

  it('costs nothing: the request goes whole to the other instance, once', async () => {
    const counted = counting((nth) => (nth === 1 ? breaks : echo));
    service = counted;
    const answer = await post(sent);
    expect([answer.status, (await answer.text()).split('\n').filter(Boolean).length]).toEqual([200, 2]);
    expect(counted.asked.times).toBe(2);
    service = counting(() => breaks);
    expect((await post(sent)).status).toBe(503);
  });

  it('is told where the request is too large to be kept', async () => {
    const counted = counting(() => (request, response) => {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => (bytes += chunk.length) > 1_000_000 && response.socket?.destroy());
    });
    service = counted;
    expect((await post(`{"command":"A","input":{"text":"${'x'.repeat(2_000_000)}"}}\n`)).status).toBe(503);
    expect(counted.asked.times).toBe(1);
  });
});

describe('the bulk door behind the gateway', () => {
  it('answers a line before the next one is sent', async () => {
    const request = open();
    request.write('{"n":1}\n');
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/x-ndjson']);
    const verdicts = createInterface({ input: answer })[Symbol.asyncIterator]();
    for (let n = 1; n <= 50; n += 1) {
      expect(JSON.parse((await verdicts.next()).value ?? '')).toEqual({ line: n, status: 'accepted', got: { n } });
      if (n < 50) request.write(`{"n":${n + 1}}\n`);
    }
    request.end();
    expect((await verdicts.next()).done).toBe(true);
  });

  it('carries megabytes to a client that reads only at the end', async () => {
    const request = open();
    const pad = 'x'.repeat(1_000);
    for (let n = 0; n < 4_000; n += 1) request.write(`{"n":${n},"pad":"${pad}"}\n`);
    request.end();
    const { status, body } = await answerOf(request);
    expect(status).toBe(200);
    expect(body.trimEnd().split('\n')).toHaveLength(4_000);
  });

  it('forwards what the service needs and its own id, and nothing else', async () => {
    const heard = new Promise<IncomingMessage>((resolve) => {
      service = (request, response) => {
        resolve(request);
        echo(request, response);
      };
    });
    const request = open(undefined, { 'x-request-id': 'bulk-0815', cookie: 'a=b', 'x-tongchou-principal': 'forged' });
    request.end('{}\n');
    const { answer } = await answerOf(request);
    const { headers, url } = await heard;
    expect(url).toBe('/v1/commands');
    expect(headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      'x-request-id': 'bulk-0815',
      traceparent: expect.any(String),
    });
    expect(headers).not.toHaveProperty('cookie');
    expect(headers).not.toHaveProperty('authorization');
    expect(await principalVerifier(JSON.parse(city.access.keys), 'costs')(header(headers), 'bulk-0815')).toEqual({
      subject: 'tester',
      roles: ['director'],
    });
    expect(answer.headers['x-request-id']).toBe('bulk-0815');
  });

  it('cuts the service when the client goes', async () => {
    const gone = new Promise<void>((resolve) => {
      service = (request, response) => {
        response.writeHead(200, { 'content-type': 'application/x-ndjson' }).write('{"line":1}\n');
        request.resume();
        response.once('close', resolve);
      };
    });
    const request = open();
    request.on('error', () => undefined);
    request.write('{}\n');
    await once(request, 'response');
    request.destroy();
    await gone;
  });

  it('cuts the client when the service dies in the middle of its answer', async () => {
    service = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' }).write('{"line":1}\n');
      setImmediate(() => response.socket?.destroy());
    };
    const request = open();
    request.on('error', () => undefined);
    request.write('{}\n');
    await expect(answerOf(request)).rejects.toThrow('aborted');
  });

  it('passes a refusal that comes before the whole request was read', async () => {
    service = (request, response) => {
      response.writeHead(413, { 'content-type': 'application/json' }).end('{"error":{"code":"PAYLOAD_TOO_LARGE"}}');
      request.resume();
    };
    const request = open();
    request.on('error', () => undefined);
    const answer = answerOf(request);
    for (let n = 0; n < 200; n += 1) request.write('x'.repeat(10_000));
    expect(await answer).toMatchObject({ status: 413, body: '{"error":{"code":"PAYLOAD_TOO_LARGE"}}' });
    request.destroy();
  });

  it('says so when nobody is there', async () => {
    const request = open('/v1/projects/commands');
    request.end('{}\n');
    const { status, body, answer } = await answerOf(request);
    expect([status, answer.headers['retry-after']]).toEqual([503, '1']);
    expect(JSON.parse(body)).toMatchObject({
      error: { code: 'SUBGRAPH_UNAVAILABLE', service: 'gateway', retryable: true },
    });
    expect(body).not.toMatch(/127\.0|ECONN/);
  });

  it.each(['/v1/nothing/commands', '/v1/__proto__/commands', '/v1/costs/other'])('knows no %s', async (path) => {
    const request = open(path);
    request.end('{}\n');
    const { status, body } = await answerOf(request);
    expect([status, JSON.parse(body).error.code]).toEqual([404, 'NOT_FOUND']);
  });
});
