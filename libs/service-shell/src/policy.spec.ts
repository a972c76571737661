import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { POLICY, type Principal, ROLES, roleFor, type Role } from '@tongchou/access';
import { Controller, Get, Post } from '@nestjs/common';
import { cents } from '@tongchou/kernel';
import { EVERY_ROLE, throwAwayDatabase } from '@tongchou/testing';
import { shelfId, shelfParts } from './shelf.fixture.ts';
import { ask, askAs, call, postLines, sampleCity, verdicts } from './standing.fixture.ts';
import type { Standing } from './stand-up.ts';

const SAYS = 'Who is asking may not see or do this. Ask with another role, or ask the administrator for the right.';
const REFUSED = { status: 'rejected', code: 'FORBIDDEN', message: SAYS };

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

const roles = Object.keys(ROLES) as Role[];
const allowed = (role: Role, action: string): boolean =>
  roleFor({ subject: 'x', roles: [role] }, action, shelfParts.policy) !== undefined;

/** Somebody of a role, for parts of the city that it names where the role needs one. */
const one = (role: Role): Principal => ({ subject: `a-${role}`, roles: [role], projects: [shelfId(role)] });

const stored = async (): Promise<unknown> =>
  (await city.database.query('select (select count(*) from es.events) + (select count(*) from es.commands) as rows'))
    .rows;

const line = (input: object, idempotencyKey: string = randomUUID(), command = 'PutBook'): string =>
  JSON.stringify({ command, idempotencyKey, input });

async function send(lines: readonly string[], principal: Principal) {
  const response = await postLines(standing.url, lines.join('\n'), {}, principal);
  return { status: response.status, verdicts: response.ok ? verdicts(await response.text()) : [] };
}

describe.each(roles)('a %s', (role) => {
  const principal = one(role);
  const input = { shelf: role, title: 't', district: 'north' };

  it('asks and commands in the graph what the policy says, and the other fields answer', async () => {
    const document = `query ($id: ID!, $them: [_Any!]!) {
      works: __typename
      shelf(id: $id) { id }
      fault
      _entities(representations: $them) { ... on Shelf { id } }
    }`;
    const them = [{ __typename: 'Shelf', id: shelfId('x') }];
    const { errors = [] } = await askAs(principal)(standing.url, document, { id: shelfId('x'), them });
    const codes = new Map(errors.map(({ path, extensions }) => [String(path), extensions['code']]));
    const expected = [
      ...(allowed(role, 'query shelf') ? [] : [['shelf', 'FORBIDDEN']]),
      ['fault', allowed(role, 'query fault') ? 'INTERNAL' : 'FORBIDDEN'],
      ...(allowed(role, 'entity Shelf') ? [] : [['_entities,0', 'FORBIDDEN']]),
    ] as const;
    expect(codes).toEqual(new Map(expected.map(([path, code]) => [path, code])));
    const text = await askAs(principal)(standing.url, '{ _service { sdl } }');
    expect(text.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' }, message: SAYS }]);
  });

  it('commands through both doors what the policy says; refused, nothing is stored and no key burnt', async () => {
    const may = allowed(role, 'command PutBook');
    const before = await stored();
    const key = randomUUID();
    const mutation = 'mutation ($input: PutBookInput!) { putBook(input: $input) { errors { code } consistencyToken } }';
    const variables = { input: { ...input, idempotencyKey: key } };
    const { errors } = await askAs(principal)(standing.url, mutation, variables);
    expect(errors?.[0]?.extensions['code']).toBe(may ? undefined : 'FORBIDDEN');
    const bulk = await send([line(input, key), line({}, randomUUID(), 'BreakShelf')], principal);
    const route = allowed(role, 'route POST /v1/commands');
    expect(bulk.status).toBe(route ? 200 : 403);
    if (route) expect(bulk.verdicts[0]).toMatchObject(may ? { status: 'repeated' } : REFUSED);
    // A command that they may not send is not even looked at.
    if (route && !allowed(role, 'command BreakShelf')) expect(bulk.verdicts[1]).toMatchObject(REFUSED);
    if (may) return;
    expect(await stored()).toEqual(before);
    const asIntegrator: Principal = { ...principal, roles: ['integrator'] };
    expect((await send([line({ ...input, title: 'another' }, key)], asIntegrator)).verdicts).toMatchObject([
      { status: 'accepted' },
    ]);
  });

  it('uses the routes that the policy says', async () => {
    for (const [action, method, path] of [
      ['route GET /version', 'GET', '/version'],
      ['route GET /version', 'HEAD', '/version'],
      ['route GET /v1/operations/status', 'GET', '/v1/operations/status'],
      ['route GET /v1/operations/parked', 'GET', '/v1/operations/parked'],
      ['route GET /v1/operations/parked/:id', 'GET', '/v1/operations/parked/7'],
      ['route POST /v1/operations/parked/release', 'POST', '/v1/operations/parked/release'],
      ['route POST /v1/operations/rebuild', 'POST', '/v1/operations/rebuild'],
    ] as const) {
      const { status } = await call(`${standing.url}${path}`, { method }, principal);
      expect([method, path, status === 403]).toEqual([method, path, !allowed(role, action)]);
    }
  });
});

describe('who reaches a part of the city', () => {
  const north: Principal = { subject: 'north', roles: ['integrator'], districts: ['north'] };

  it('commands there only, and hears the same of what is elsewhere and of what is not', async () => {
    const everybody = { ...EVERY_ROLE, subject: 'everybody' };
    const key = randomUUID();
    const put = [
      line({ shelf: 'n', title: '1', district: 'north' }),
      line({ shelf: 's', title: '1', district: 'south' }, key),
    ];
    expect((await send(put, everybody)).verdicts).toMatchObject([{ status: 'accepted' }, { status: 'accepted' }]);
    const before = await stored();
    const { verdicts: refused } = await send(
      [
        line({ shelf: 's', title: '2' }),
        line({ shelf: 'nowhere', title: '2' }),
        line({ shelf: 's', title: '2', district: 'north' }),
        line({ shelf: 'new', title: '2', district: 'south' }),
        line({ shelf: 'new', title: '2', district: 'North' }),
        line({ shelf: 's', title: '1', district: 'south' }, key),
      ],
      { ...north, subject: 'everybody' },
    );
    expect(refused).toEqual(refused.map(({ line: number }) => ({ line: number, ...REFUSED })));
    expect(await stored()).toEqual(before);
    expect((await send([line({ shelf: 'n', title: '2' })], north)).verdicts).toMatchObject([{ status: 'accepted' }]);
  });

  it('goes on with what was registered a line before', async () => {
    const lines = [line({ shelf: 'fresh', title: '1', district: 'north' }), line({ shelf: 'fresh', title: '2' })];
    expect((await send(lines, north)).verdicts).toMatchObject([{ status: 'accepted' }, { status: 'accepted' }]);
  });

  it('decides up to the limit', async () => {
    const limited: Principal = { ...EVERY_ROLE, amountLimit: cents(10_000) };
    const priced = (price: string) => line({ shelf: 'priced', title: price, price });
    const { verdicts: answers } = await send([priced('100'), priced('100.01'), priced('-1')], limited);
    expect(answers).toMatchObject([{ status: 'accepted' }, REFUSED, { status: 'accepted' }]);
  });

  it('acts by the role that allows it, which stands in the fact', async () => {
    const principal: Principal = { subject: 'deputy', onBehalfOf: 'chief', roles: ['auditor', 'integrator'] };
    const response = await postLines(
      standing.url,
      line({ shelf: 'actor', title: '1' }),
      { 'x-request-id': 'request-77' },
      principal,
    );
    expect(verdicts(await response.text())).toMatchObject([{ status: 'accepted' }]);
    const { rows } = await city.database.query('select metadata from es.events where stream_id = $1', [
      shelfId('actor'),
    ]);
    expect(rows).toMatchObject([
      {
        metadata: {
          actor: { subject: 'deputy', role: 'integrator', onBehalfOf: 'chief' },
          correlationId: 'request-77',
        },
      },
    ]);
  });
});

describe('entities', () => {
  it('that are none by reference are the caller’s fault', async () => {
    const query = 'query ($them: [_Any!]!) { _entities(representations: $them) { __typename } }';
    for (const them of [[{ __typename: 'Refused' }], [{ __typename: 'Secret' }], [{}], [7]]) {
      expect((await ask(standing.url, query, { them })).errors).toMatchObject([
        { extensions: { code: 'BAD_USER_INPUT' } },
      ]);
    }
  });
});

@Controller('extra')
class UnspokenController {
  @Get(':id')
  get(): string {
    return 'secret';
  }

  @Post()
  post(): string {
    return 'secret';
  }
}

describe('a service with something that no policy speaks of', () => {
  it('does not start, and says what it is', async () => {
    const { 'query shelf': _, 'entity Shelf': __, 'command BreakShelf': ___, ...policy } = shelfParts.policy ?? POLICY;
    const unspoken = { ...shelfParts, policy, extraControllers: [UnspokenController] };
    await expect(city.stand(0, unspoken)).rejects.toThrow(
      [
        '5 things of shelf have no policy, so nothing was started:',
        '  command BreakShelf',
        '  entity Shelf',
        '  query shelf',
        '  route GET /extra/:id',
        '  route POST /extra',
        'Say in libs/access/src/policy-table.ts which roles may do them.',
      ].join('\n'),
    );
  });
});
