import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { sampleCity, type Answer, type SampleCity } from './sample-city.ts';

const TABLE = '{ works(first: 3) { totalCount nodes { project { id name costSheet { budget } } } } }';

let city: SampleCity;
beforeAll(async () => void (city = await sampleCity()));
afterAll(() => city.close());

const errorsOf = ({ body }: Answer) =>
  (body.errors ?? []).map(({ path, extensions }) => ({
    path,
    code: extensions['code'],
    service: extensions['service'],
  }));

describe('the graph over healthy services', () => {
  it('joins what two services know', async () => {
    const { status, body } = await city.ask(TABLE);
    expect(body).toEqual({
      data: {
        works: {
          totalCount: 40,
          nodes: [0, 1, 2].map((n) => ({
            project: { id: `p${n}`, name: `Work p${n}`, costSheet: { budget: n * 100 } },
          })),
        },
      },
    });
    expect(status).toBe(200);
  });

  it('asks for the entities of a whole page in one call', async () => {
    city.costs.forget();
    const { body } = await city.ask('{ works(first: 25) { nodes { project { costSheet { budget } ceiling } } } }');
    expect(body.errors).toBeUndefined();
    expect(body).toHaveProperty('data.works.nodes.length', 25);
    expect(city.costs.heard).toHaveLength(1);
    expect(city.costs.heard[0]?.query.match(/_entities/g)).toHaveLength(1);
  });

  it('leaves null what a service does not know', async () => {
    const { body } = await city.ask('{ project(id: "unknown") { name costSheet { budget } } }');
    expect(body).toEqual({ data: { project: { name: 'Work unknown', costSheet: null } } });
  });
});

describe('an error of a service', () => {
  it('passes with its code to the place of the field in the answer', async () => {
    const answer = await city.ask('{ table: works(first: 5) { nodes { lamp: light { state } } } }');
    expect(errorsOf(answer)).toEqual([
      { path: ['table', 'nodes', 3, 'lamp', 'state'], code: 'STALE_READ', service: 'projects' },
    ]);
    expect(answer.body).toHaveProperty('data.table.nodes.3', { lamp: null });
    expect(answer.body.errors?.[0]?.message).toBe('Light is not there yet.');
  });

  it('inside nested lists keeps every index', async () => {
    const answer = await city.ask('{ works(first: 1) { nodes { parts { name } } } }');
    expect(errorsOf(answer)).toEqual([
      { path: ['works', 'nodes', 0, 'parts', 1, 1, 'name'], code: 'NOT_FOUND', service: 'projects' },
    ]);
  });

  it('in one entity of a batch stands at that entity and no other', async () => {
    const answer = await city.ask(
      '{ works(first: 4) { nodes { project { sheet: costSheet { lines { amount } } } } } }',
    );
    expect(errorsOf(answer)).toEqual([
      { path: ['works', 'nodes', 2, 'project', 'sheet', 'lines', 1, 'amount'], code: 'CONFLICT', service: 'costs' },
    ]);
    expect(answer.body).toHaveProperty('data.works.nodes.2.project.sheet', { lines: [{ amount: 1 }, null] });
    expect(answer.body).toHaveProperty('data.works.nodes.3.project.sheet.lines', [{ amount: 1 }, { amount: 2 }]);
  });

  it('of no listed code says nothing of the inside', async () => {
    const answer = await city.ask('{ total }');
    expect(errorsOf(answer)).toEqual([{ path: ['total'], code: 'INTERNAL', service: 'projects' }]);
    expect(answer.text).not.toMatch(/SELECT|10\.1\.2\.3|stack/);
  });

  it('that takes its neighbours of the same call along is told for each of them', async () => {
    const answer = await city.ask('{ total other }');
    expect(answer.body.data).toBeNull();
    const paths = errorsOf(answer).map(({ path }) => String(path));
    expect(paths.toSorted()).toEqual(['other', 'total']);
  });

  it('names in every case its request, and whether to try again', async () => {
    const answer = await city.ask('{ total works(first: 4) { nodes { light { state } } } }', undefined, {
      'x-request-id': 'the-request-1',
    });
    for (const { extensions } of answer.body.errors ?? []) {
      expect(Object.keys(extensions).toSorted()).toEqual(['code', 'requestId', 'retryable', 'service']);
      expect(extensions['requestId']).toBe('the-request-1');
    }
    expect(answer.headers.get('x-request-id')).toBe('the-request-1');
  });
});

describe('a service that fails', () => {
  afterEach(() => {
    city.costs.mood = 'well';
    city.projects.mood = 'well';
  });

  const nullSheets = {
    works: {
      totalCount: 40,
      nodes: [0, 1, 2].map((n) => ({ project: { id: `p${n}`, name: `Work p${n}`, costSheet: null } })),
    },
  };
  const failedWith = (code: string) =>
    [0, 1, 2].map((n) => ({ path: ['works', 'nodes', n, 'project', 'costSheet'], code, service: 'costs' }));
  const expectNothingInternal = ({ text }: Answer): void => {
    expect(text).not.toContain(new URL(city.costs.origin).port);
    expect(text).not.toMatch(/127\.0\.0\.1|ECONN|UND_ERR|socket|\/srv|10\.1\.2\.3|node:|at .*\.ts/);
  };

  it.each(['html', 'garbage', 'half', 'reset'] as const)('with %s nulls its fields alone', async (mood) => {
    city.costs.mood = mood;
    const answer = await city.ask(TABLE);
    expect(answer.body.data).toEqual(nullSheets);
    expect(errorsOf(answer)).toEqual(failedWith('SUBGRAPH_UNAVAILABLE'));
    expectNothingInternal(answer);
    city.costs.mood = 'well';
    expect((await city.ask(TABLE)).body.errors).toBeUndefined();
  });

  it('by silence nulls its fields alone, after at most 2.5 s', async () => {
    city.costs.mood = 'frozen';
    const answer = await city.ask(TABLE);
    expect(answer.body.data).toEqual(nullSheets);
    expect(errorsOf(answer)).toEqual(failedWith('SUBGRAPH_TIMEOUT'));
    expect(answer.body.errors?.[0]?.extensions['retryable']).toBe(true);
    expectNothingInternal(answer);
  });

  it('with an answer without end is cut off', async () => {
    city.costs.mood = 'huge';
    const answer = await city.ask(TABLE);
    expect(answer.body.data).toEqual(nullSheets);
    // By its size, or by the time that it takes on a slow machine: whichever comes first.
    const code = String(answer.body.errors?.[0]?.extensions['code']);
    expect(['SUBGRAPH_UNAVAILABLE', 'SUBGRAPH_TIMEOUT']).toContain(code);
    expect(errorsOf(answer)).toEqual(failedWith(code));
  });

  it('for good is not asked each time, and is found again when it is back', async () => {
    await city.costs.stop();
    for (let attempt = 0; attempt < 8; attempt += 1) {
      const answer = await city.ask(TABLE);
      expect(answer.body.data).toEqual(nullSheets);
      expect(errorsOf(answer)).toEqual(failedWith('SUBGRAPH_UNAVAILABLE'));
      expectNothingInternal(answer);
    }
    const ready = await city.fetch('/health/ready');
    expect([ready.status, await ready.json()]).toEqual([
      200,
      expect.objectContaining({ services: { projects: 'up', costs: 'failing' } }),
    ]);
    await city.costs.start();
  });
});
