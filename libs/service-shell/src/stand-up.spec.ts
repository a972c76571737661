import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { throwAwayDatabase } from '@tongchou/testing';
import { ask, call, postLines, putBook, sampleCity, verdicts } from './standing.fixture.ts';
import { SHELF_HOLDS, shelfId } from './shelf.fixture.ts';
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

const PUT = /* GraphQL */ `
  mutation ($input: PutBookInput!) {
    putBook(input: $input) {
      shelf {
        id
        books
      }
      errors {
        code
        message
        path
      }
      consistencyToken
    }
  }
`;
const put = (input: object) => ask(standing.url, PUT, { input });
const get = async (path: string): Promise<{ status: number; body: object }> => {
  const response = await call(`${standing.url}${path}`);
  return { status: response.status, body: (await response.json()) as object };
};

describe('a standing service', () => {
  it('is alive, ready and started, and says what it is', async () => {
    expect(await get('/health/live')).toEqual({ status: 200, body: { status: 'live' } });
    expect(await get('/health/ready')).toEqual({ status: 200, body: { status: 'ready' } });
    expect(await get('/health/startup')).toEqual({ status: 200, body: { status: 'started' } });
    expect((await get('/version')).body).toMatchObject({ service: 'shelf', version: expect.any(String) });
    expect((await get('/v1/operations/status')).body).toMatchObject({ service: 'shelf', unready: [] });
    expect(await get('/nowhere')).toMatchObject({
      status: 404,
      body: { error: { code: 'NOT_FOUND', service: 'shelf' } },
    });
  });

  it('shows a mutation its own effect, and refuses with the code of the business', async () => {
    const input = { shelf: 'm', title: '1', idempotencyKey: 'm-1' };
    const { data } = await put(input);
    expect(data).toMatchObject({ putBook: { shelf: { id: shelfId('m'), books: 1 }, errors: [] } });
    expect((await put(input)).data).toEqual(data);
    for (const title of ['2', '3']) await put({ shelf: 'm', title, idempotencyKey: `m-${title}` });
    expect((await put({ shelf: 'm', title: '4', idempotencyKey: 'm-4' })).data).toMatchObject({
      putBook: { shelf: null, errors: [{ code: 'ShelfFull', path: ['input'] }], consistencyToken: null },
    });
    expect(SHELF_HOLDS).toBe(3);
  });

  it('throws what belongs to the request, with a code of the closed list and the path', async () => {
    const codes = async (input: object): Promise<unknown> => (await put(input)).errors?.[0]?.extensions;
    await put({ shelf: 'n', title: '1', idempotencyKey: 'n-1' });
    expect(await codes({ shelf: 'n', title: '2', idempotencyKey: 'n-1' })).toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
      retryable: false,
      service: 'shelf',
      requestId: expect.any(String),
    });
    expect(await codes({ shelf: 'n', title: ' ', idempotencyKey: 'n-2' })).toMatchObject({
      code: 'BAD_USER_INPUT',
      inputPath: 'input.title',
    });
    expect(await codes({ shelf: 'n', title: '2', idempotencyKey: 'n-3', expectedVersion: 7 })).toMatchObject({
      code: 'CONFLICT',
    });
  });

  it('hides what went wrong inside, and refuses what is not allowed', async () => {
    const { errors, response } = await ask(standing.url, '{ fault }');
    expect(errors).toMatchObject([{ extensions: { code: 'INTERNAL', service: 'shelf' } }]);
    expect(errors?.[0]?.extensions['requestId']).toBe(response.headers.get('x-request-id'));
    expect(JSON.stringify(errors)).not.toMatch(/secrets|10\.1\.2\.3|\bat /);
    const batch = await call(`${standing.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '[{"query":"{ fault }"}]',
    });
    expect(await batch.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    const simple = await call(`${standing.url}/graphql`, { method: 'POST', body: '{"query":"{ fault }"}' });
    expect(simple.status).toBe(400);
    const large = await ask(standing.url, `{ fault } # ${'x'.repeat(300_000)}`);
    expect([large.response.status, large.errors?.[0]?.extensions['code']]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    const query = 'query ($id: ID!) { shelf(id: $id) { books } }';
    for (const id of ['a\u0000', '\ud800', 'x'.repeat(100_000)]) {
      const { errors: refused } = await ask(standing.url, query, { id });
      expect(refused).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    }
    const written = await ask(standing.url, '{ shelf(id: "a\\u0000") { books } }');
    expect(written.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    expect((await ask(standing.url, '{ __schema { queryType { name } } }')).errors).toBeUndefined();
  });

  it('keeps the ids of the caller, if they have their form', async () => {
    const idFor = async (given: string): Promise<string | null> =>
      (await ask(standing.url, '{ __typename }', {}, { 'x-request-id': given })).response.headers.get('x-request-id');
    expect(await idFor('request-0001')).toBe('request-0001');
    // The principal is bound to the id: one without the form is nobody's.
    const { errors, response } = await ask(standing.url, '{ __typename }', {}, { 'x-request-id': 'a b' });
    expect([response.status, errors?.[0]?.extensions['code']]).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('answers many entities with as many statements as one', async () => {
    const lines = Array.from({ length: 40 }, (_, index) => putBook(`set-${index}`, '1')).join('\n');
    const tokens = verdicts(await (await postLines(standing.url, lines)).text());
    const entities = (count: number) =>
      ask(
        standing.url,
        'query ($them: [_Any!]!) { _entities(representations: $them) { ... on Shelf { id books } } }',
        { them: Array.from({ length: count }, (_, index) => ({ __typename: 'Shelf', id: shelfId(`set-${index}`) })) },
        {
          'x-consistency-at-least': tokens
            .slice(-20)
            .map(({ consistencyToken }) => consistencyToken)
            .join(','),
        },
      );
    const [one, many] = [await entities(1), await entities(40)];
    expect(many.errors).toBeUndefined();
    expect(many.data).toMatchObject({ _entities: Array(40).fill({ books: 1 }) });
    expect(many.statements).toBe(one.statements);
    expect(many.extensions).toMatchObject({ consistency: { satisfied: true }, freshness: expect.anything() });
    const forged = await ask(
      standing.url,
      '{ _entities(representations: [{ __typename: "Secret", id: "1" }]) { __typename } }',
    );
    expect(forged.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  it('refuses a token that cannot be kept, or answers with what there is', async () => {
    const future = { 'x-consistency-at-least': `shelf:Shelf:${shelfId('m')}@9000` };
    const query = `{ shelf(id: "${shelfId('m')}") { books } }`;
    expect(await ask(standing.url, query, {}, future)).toMatchObject({
      errors: [{ extensions: { code: 'STALE_READ' } }],
      extensions: { consistency: { satisfied: false, behindMs: null } },
    });
    const best = await ask(standing.url, query, {}, { ...future, 'x-consistency-mode': 'best-effort' });
    expect(best).toMatchObject({ data: { shelf: { books: 3 } }, extensions: { consistency: { satisfied: false } } });
    const wrong = { 'x-consistency-at-least': 'nonsense' };
    expect((await ask(standing.url, query, {}, wrong)).errors).toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT' } },
    ]);
  });
});

describe('a taken port', () => {
  it('is said, and nothing stays open', async () => {
    const port = Number(new URL(standing.url).port);
    await expect(city.stand(port)).rejects.toThrow(`Port ${port} is taken`);
    expect(await get('/health/ready')).toMatchObject({ status: 200 });
  });
});

describe('operations', () => {
  const post = async (path: string, body: object) => {
    const response = await call(`${standing.url}/v1/operations/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as object };
  };

  it('rebuild a read model beside, and say which there are', async () => {
    expect(await post('rebuild', { model: 'shelves' })).toEqual({ status: 200, body: { rebuilt: 'shelves' } });
    expect(await post('rebuild', { model: 'none' })).toMatchObject({ status: 404 });
    expect(await post('rebuild', {})).toMatchObject({ status: 400, body: { error: { message: 'model is required' } } });
  });

  it('list what is parked, and release it', async () => {
    expect(await get('/v1/operations/parked')).toMatchObject({ status: 200, body: { parked: [] } });
    expect(await post('parked/release', {})).toMatchObject({ status: 400 });
  });
});

describe('two instances on one database', () => {
  it('both answer, and when the leader ends the other goes on', async () => {
    const other = await city.stand();
    const input = { shelf: 'two', title: '1', idempotencyKey: 'two-1' };
    const [first, second] = await Promise.all([put(input), ask(other.url, PUT, { input })]);
    expect(first.data).toEqual(second.data);
    await standing.close();
    standing = other;
    const again = await put({ shelf: 'two', title: '2', idempotencyKey: 'two-2' });
    expect(again.data).toMatchObject({ putBook: { shelf: { books: 2 } } });
  });
});

describe('the end of a service', () => {
  it('answers every request under way, decided or retry, and closes the port', async () => {
    const lines = Array.from({ length: 2_000 }, (_, index) => putBook(`end-${index}`, '1'));
    const response = await postLines(standing.url, lines.join('\n'));
    const ended = standing.close();
    const answers = verdicts(await response.text());
    await ended;
    expect(answers).toHaveLength(2_000);
    expect(answers.every(({ status }) => status === 'accepted' || status === 'retry')).toBe(true);
    await expect(fetch(`${standing.url}/health/live`)).rejects.toThrow();
    standing = await city.stand();
    const after = verdicts(await (await postLines(standing.url, lines.join('\n'))).text());
    const stored = answers.filter(({ status }) => status === 'accepted').length;
    expect(after.filter(({ status }) => status === 'repeated')).toHaveLength(stored);
  });
});
