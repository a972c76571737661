import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { sampleCity, type SampleCity } from './sample-city.ts';

const TABLE = '{ works(first: 2) { nodes { project { id costSheet { budget } } } } }';
const REGISTER = `mutation { registerProject(input: {idempotencyKey: "k", name: "Bridge"}) { consistencyToken errors { code } project { name costSheet { budget } } } }`;

let city: SampleCity;
beforeAll(async () => void (city = await sampleCity()));
afterAll(() => city.close());
afterEach(() => {
  for (const service of [city.projects, city.costs]) {
    service.forget();
    service.mood = 'well';
    service.extensions = undefined;
  }
});

const headersHeard = () => [...city.projects.heard, ...city.costs.heard].map(({ headers }) => headers);

describe('headers', () => {
  it('of consistency, request and trace go along with each call', async () => {
    const headers = {
      'x-request-id': 'request-0815',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'x-consistency-at-least': 'projects:Project:7f@3',
      'x-consistency-mode': 'best-effort',
    };
    await city.ask(TABLE, {}, headers);
    expect(headersHeard()).toEqual([expect.objectContaining(headers), expect.objectContaining(headers)]);
  });

  it('are made where the client gives none or strange ones, one id for all calls', async () => {
    const answer = await city.ask(TABLE, {}, { 'x-request-id': 'a b<c>', traceparent: 'no' });
    const id = answer.headers.get('x-request-id');
    expect(id).toMatch(/^[\w-]{36}$/);
    for (const heard of headersHeard()) {
      expect(heard['x-request-id']).toBe(id);
      expect(heard['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
      expect(heard).not.toHaveProperty('x-consistency-at-least');
    }
  });

  it("that are none of the services' business stay here", async () => {
    await city.ask(TABLE, {}, { cookie: 'a=b', 'x-forwarded-for': '10.0.0.1', 'x-whatever': 'x' });
    for (const heard of headersHeard()) {
      expect(Object.keys(heard)).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/cookie|authorization|forwarded|whatever/)]),
      );
    }
  });
});

describe('what services say beside their data', () => {
  const now = '2026-01-01T00:00:00Z';

  it('is merged: freshness by service, consistency as the worst', async () => {
    city.projects.extensions = {
      freshness: [{ source: 'projects', upTo: now }],
      consistency: { satisfied: true, behindMs: null },
    };
    city.costs.extensions = {
      freshness: [{ source: 'costs', upTo: now }],
      consistency: { satisfied: false, behindMs: 120 },
      secret: 'x',
    };
    const { body } = await city.ask(TABLE);
    expect(body.extensions).toEqual({
      freshness: { projects: [{ source: 'projects', upTo: now }], costs: [{ source: 'costs', upTo: now }] },
      consistency: {
        satisfied: false,
        behindMs: 120,
        services: { projects: { satisfied: true, behindMs: null }, costs: { satisfied: false, behindMs: 120 } },
      },
    });
  });

  it('is left out when nobody said anything', async () => {
    const { body } = await city.ask(TABLE);
    expect(body).not.toHaveProperty('extensions');
  });
});

describe('a mutation', () => {
  it('brings its token and what other services know of its object', async () => {
    const { body } = await city.ask(REGISTER);
    expect(body).toEqual({
      data: {
        registerProject: {
          consistencyToken: 'projects:Project:new@1',
          errors: [],
          project: { name: 'Bridge', costSheet: null },
        },
      },
      errors: undefined,
    });
  });

  it('is sent once more when its connection broke, as a query is: its key makes it the same command', async () => {
    city.projects.mood = 'reset';
    const mutation = await city.ask(REGISTER);
    expect(mutation.body.errors?.[0]).toMatchObject({
      path: ['registerProject'],
      extensions: { code: 'SUBGRAPH_UNAVAILABLE', retryable: true },
    });
    const [first, second] = city.projects.heard;
    expect(second).toMatchObject({ query: first?.query, variables: first?.variables });
    await city.ask(TABLE);
    expect(city.projects.heard).toHaveLength(4);
  });
});

describe('several instances of a service', () => {
  let port = 0;
  const frozen = createServer(() => undefined);
  const opened: SampleCity[] = [];
  const withAnother = async (origin: string): Promise<SampleCity> => {
    const two = await sampleCity({
      PROJECTS_URL: `${origin},${city.projects.origin}`,
      COSTS_URL: `${city.costs.origin}, ${origin}`,
    });
    opened.push(two);
    return two;
  };
  beforeAll(async () => {
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(0, '127.0.0.1', resolve));
    port = (dead.address() as AddressInfo).port;
    await new Promise((resolve) => dead.close(resolve));
    await new Promise<void>((resolve) => frozen.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    await Promise.all(opened.map((one) => one.close()));
    frozen.closeAllConnections();
    await new Promise((resolve) => frozen.close(resolve));
  });

  it('share the calls; one that is away is passed over', async () => {
    const two = await withAnother(`http://127.0.0.1:${port}`);
    for (let attempt = 0; attempt < 12; attempt += 1) {
      const { body } = await two.ask(TABLE);
      expect(body.errors).toBeUndefined();
    }
    expect(city.projects.heard).toHaveLength(12);
  });

  it('take a mutation that was not sent to one that is away', async () => {
    const two = await withAnother(`http://127.0.0.1:${port}`);
    for (let attempt = 0; attempt < 4; attempt += 1) expect((await two.ask(REGISTER)).body.errors).toBeUndefined();
  });

  it('leave one out that takes connections and never answers, before it has cost five calls', async () => {
    const two = await withAnother(`http://127.0.0.1:${(frozen.address() as AddressInfo).port}`);
    let failed = 0;
    for (let well = 0; well < 6;) {
      const { body } = await two.ask(TABLE);
      if (body.errors) failed += 1;
      well = body.errors ? 0 : well + 1;
    }
    expect(failed).toBeLessThan(5);
  });
});
