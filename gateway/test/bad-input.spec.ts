import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { sampleCity, type Answer, type SampleCity } from './sample-city.ts';

let city: SampleCity;
beforeAll(async () => void (city = await sampleCity()));
afterAll(() => city.close());
afterEach(() => {
  city.projects.forget();
  city.costs.forget();
});

const times = (count: number, part: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => part(index)).join(' ');
const nested = (depth: number): string => `{ works ${'{ nodes '.repeat(depth)} { x } ${'}'.repeat(depth)} }`;
const asked = (): number => city.projects.heard.length + city.costs.heard.length;

function expectRefused(
  { status, body, text }: Answer,
  expected: { status: number; code: string; message: RegExp },
): void {
  expect(body.errors?.[0]).toMatchObject({
    extensions: { code: expected.code, service: 'gateway', retryable: false, requestId: expect.any(String) },
  });
  expect(body.errors?.[0]?.message).toMatch(expected.message);
  expect(status).toBe(expected.status);
  expect(body.data ?? null).toBeNull();
  expect(text.length).toBeLessThan(20_000);
  expect(asked()).toBe(0);
}

describe('a document that is too much', () => {
  const cases: [string, string, RegExp][] = [
    ['of 10,000 aliases', `{ ${times(10_000, (n) => `a${n}: other`)} }`, /more than 5000 tokens/],
    ['of 51 aliases', `{ works { ${times(51, (n) => `a${n}: totalCount`)} } }`, /51 aliases; at most 50/],
    [
      'whose fragments multiply its aliases',
      `{ ...A } fragment A on Query { a: works { ...B } b: works { ...B } } fragment B on Works { ${times(26, (n) => `c${n}: totalCount`)} }`,
      /54 aliases/,
    ],
    [
      'with a value 200 levels deep',
      `{ works(first: ${'['.repeat(200)}1${']'.repeat(200)}) { totalCount } }`,
      /202 brackets/,
    ],
    ['with a value 4,000 levels deep', `{ works(first: ${'['.repeat(4_000)}`, /too many brackets|more than 5000/],
    ['50 levels deep', nested(50), /52 levels of fields; at most 15/],
    ['with 21 root fields', `{ ${times(21, (n) => `${n % 2 ? 'other' : 'total'}`)} }`, /21 root fields; at most 20/],
    [
      'with 21 root fields in a fragment',
      `{ ...A } fragment A on Query { ${times(21, () => 'other')} }`,
      /21 root fields/,
    ],
    ['of one field again and again', `{ works { ${times(1_000, () => 'totalCount')} } }`, /999 repeated/],
    [
      'of one field again and again in inline fragments',
      `{ works { ${times(700, () => '... on Works { totalCount }')} } }`,
      /699 repeated/,
    ],
    ['of 51 fragments', `{ other } ${times(51, (n) => `fragment F${n} on Query { other }`)}`, /51 fragments/],
    [
      'whose fragments double at each step',
      `{ works { nodes { ...F0 } } } ${times(40, (n) => `fragment F${n} on Work { project { ...F${n + 1} } light { ...F${n + 1} } }`)} fragment F40 on Work { x }`,
      /levels of fields|fields; at most/,
    ],
  ];
  it('with 10,000 values in its variables', async () => {
    const answer = await city.ask('query ($n: Int) { works(first: $n) { totalCount } }', { n: Array(10_000).fill(1) });
    expectRefused(answer, {
      status: 400,
      code: 'COST_LIMIT_EXCEEDED',
      message: /10002 values in its variables; at most 2000/,
    });
  });

  it('with 101 variables', async () => {
    const answer = await city.ask(`query (${times(101, (n) => `$v${n}: Int`)}) { other }`);
    expectRefused(answer, { status: 400, code: 'COST_LIMIT_EXCEEDED', message: /101 variables; at most 100/ });
  });

  it.each(cases)('%s', async (_, query, message) => {
    expectRefused(await city.ask(query), { status: 400, code: 'COST_LIMIT_EXCEEDED', message });
  });

  it('of 1 MB', async () => {
    expectRefused(await city.ask(`{ other } # ${'x'.repeat(1_000_000)}`), {
      status: 413,
      code: 'COST_LIMIT_EXCEEDED',
      message: /larger than 256 kB/,
    });
  });

  it('of 1 MB in chunks that say nothing of their number', async () => {
    const chunk = new TextEncoder().encode('x'.repeat(65_536));
    let sent = 0;
    const body = new ReadableStream({
      pull: (controller) => (sent++ < 16 ? controller.enqueue(chunk) : controller.close()),
    });
    const response = await city.fetch('/graphql', {
      method: 'POST',
      body,
      duplex: 'half',
      headers: { 'content-type': 'application/json' },
    });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'COST_LIMIT_EXCEEDED' } }] });
  });

  it('in the address', async () => {
    const query = encodeURIComponent(`{ ${times(21, () => 'other')} }`);
    const response = await city.fetch(`/graphql?query=${query}`, {
      headers: { 'apollo-require-preflight': 'yes' },
    });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { errors: [{ extensions: { code: 'COST_LIMIT_EXCEEDED' } }] },
    ]);
  });
});

describe('a request that makes no sense', () => {
  const queries: [string, string, unknown, RegExp][] = [
    [
      'with fragments in a circle',
      '{ ...A } fragment A on Query { other ...B } fragment B on Query { ...A }',
      {},
      /spreads itself/,
    ],
    ['with the alias __proto__', '{ __proto__: other }', {}, /__proto__ is reserved/],
    ['with NaN for a number', '{ works(first: NaN) { totalCount } }', {}, /Int cannot represent/],
    ['with 1e400 for a number', '{ works(first: 1e400) { totalCount } }', {}, /Int cannot represent/],
    [
      'with 9007199254740993 for a number',
      '{ works(first: 9007199254740993) { totalCount } }',
      {},
      /Int cannot represent/,
    ],
    ['with full-width digits', '{ works(first: １２) { totalCount } }', {}, /Syntax Error/],
    ['with half a surrogate pair in the text', '{ echo(text: "\\ud800") }', {}, /Invalid Unicode/],
    ['with a NUL outside a text', '{ other \u0000 }', {}, /Syntax Error/],
    [
      'with a number as variable where there is none',
      'query ($n: Int) { works(first: $n) { totalCount } }',
      { n: 'NaN' },
      /\$n/,
    ],
    ['with null for a needed variable', 'query ($id: ID!) { project(id: $id) { id } }', { id: null }, /\$id/],
    ['with NUL in a variable', 'query ($t: String) { echo(text: $t) }', { t: 'a\u0000' }, /variables\.t holds a NUL/],
    [
      'with half a surrogate pair in a variable',
      'query ($t: String) { echo(text: $t) }',
      { t: '\ud800' },
      /variables\.t holds half/,
    ],
    [
      'with a text of 200 kB in a variable',
      'query ($t: String) { echo(text: $t) }',
      { t: 'x'.repeat(200_000) },
      /variables\.t is longer/,
    ],
    [
      'for unknown fields by the thousand',
      `{ ${times(1, () => `works { ${times(2_000, (n) => `f${n}`)} }`)} }`,
      {},
      /Cannot query field/,
    ],
    ['for a field with a name of 100 kB', `{ ${'x'.repeat(100_000)} }`, {}, /Cannot query field/],
    ['without an operation of the name', 'query A { other } query B { other }', {}, /operation name/i],
    [
      'with forged entities',
      '{ _entities(representations: [{__typename: "Project", id: "p1"}]) { __typename } }',
      {},
      /_entities/,
    ],
    ['for the subgraph behind', '{ _service { sdl } }', {}, /_service/],
    ['of a subscription', 'subscription { other }', {}, /subscription/i],
    [
      'with introspection in circles',
      `{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }`,
      {},
      /introspection depth/i,
    ],
  ];
  it.each(queries)('%s', async (_, query, variables, message) => {
    expectRefused(await city.ask(query, variables), { status: 400, code: 'BAD_USER_INPUT', message });
  });

  const bodies: [string, string, RegExp][] = [
    ['a batch', '[{"query":"{ other }"},{"query":"{ other }"}]', /Batches are not taken/],
    ['broken JSON', '{"query": "{ other }"', /not JSON/],
    ['a text', '"{ other }"', /no JSON object/],
    ['nothing', '', /not JSON/],
    ['an object without a query', '{"query": 7}', /strings/],
    ['__proto__ for a body', '{"__proto__": {"query": "{ other }"}}', /query/],
    [
      '__proto__ in the variables',
      '{"query": "query ($i: RegisterInput!) { other }", "variables": {"i": {"__proto__": {"a": 1}}}}',
      /__proto__|not allowed/,
    ],
    [
      '1e400 in the variables',
      '{"query": "query ($n: Int) { works(first: $n) { totalCount } }", "variables": {"n": 1e400}}',
      /beyond what can be kept/,
    ],
    ['NaN in the variables', '{"query": "{ other }", "variables": {"n": NaN}}', /not JSON/],
    [
      'deep variables',
      `{"query": "{ other }", "variables": {"a": ${'['.repeat(100_000)}${']'.repeat(100_000)}}}`,
      /nested deeper/,
    ],
    ['brackets without end', '['.repeat(200_000), /not JSON/],
  ];
  it.each(bodies)('%s', async (_, body, message) => {
    expectRefused(await city.post('/graphql', body), { status: 400, code: 'BAD_USER_INPUT', message });
  });

  it('bytes that are no UTF-8', async () => {
    const body = new Uint8Array([
      ...new TextEncoder().encode('{"query":"{ echo(text: \\"'),
      0xd6,
      0xd0,
      ...new TextEncoder().encode('\\") }"}'),
    ]);
    expectRefused(await city.post('/graphql', body), {
      status: 400,
      code: 'BAD_USER_INPUT',
      message: /UTF-8/,
    });
  });

  it('a compressed body, which could be a bomb', async () => {
    const body = new Uint8Array(gzipSync('{"query":"{ other }"}'));
    const answer = await city.post('/graphql', body, { 'content-encoding': 'gzip' });
    expectRefused(answer, { status: 415, code: 'BAD_USER_INPUT', message: /uncompressed/ });
  });

  it('a form of another site', async () => {
    const answer = await city.post('/graphql', '{"query":"{ other }"}', { 'content-type': 'text/plain' });
    expectRefused(answer, { status: 400, code: 'BAD_USER_INPUT', message: /CSRF|preflight/ });
  });

  it('a mutation by GET', async () => {
    const query = encodeURIComponent(
      'mutation { registerProject(input: {idempotencyKey: "1", name: "x"}) { consistencyToken } }',
    );
    const response = await city.fetch(`/graphql?query=${query}`, {
      headers: { 'apollo-require-preflight': 'yes' },
    });
    expect([response.status, await response.json()]).toMatchObject([
      405,
      { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] },
    ]);
    expect(asked()).toBe(0);
  });

  it('a stored operation, of which there are none', async () => {
    const body = JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } });
    const answer = await city.post('/graphql', body);
    expect(answer.body.errors?.[0]?.extensions['code']).toBe('PERSISTED_QUERY_NOT_FOUND');
  });
});

describe('what is allowed', () => {
  it('the whole introspection', async () => {
    const { body } = await city.ask(
      getIntrospectionQuery({
        inputValueDeprecation: true,
        specifiedByUrl: true,
        directiveIsRepeatable: true,
        schemaDescription: true,
      }),
    );
    expect(body.errors).toBeUndefined();
    expect(JSON.stringify(body.data)).not.toMatch(/join__|_Entity|_Any/);
  });

  it('50 aliases, 15 levels', async () => {
    const { body } = await city.ask(
      `{ ${times(10, (n) => `a${n}: works(first: 1) { b: totalCount c: nodes { d: project { e: id } } }`)} }`,
    );
    expect(body.errors).toBeUndefined();
  });

  it('a page larger than a service gives is refused by the service', async () => {
    const { body } = await city.ask('{ works(first: 1000000) { totalCount } }');
    expect(body).toMatchObject({
      data: { works: null },
      errors: [
        {
          path: ['works'],
          message: 'first is at most 200.',
          extensions: { code: 'BAD_USER_INPUT', service: 'projects' },
        },
      ],
    });
  });
});
