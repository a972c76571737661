import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { throwAwayDatabase } from '@tongchou/testing';
import fc from 'fast-check';
import pg from 'pg';
import { connectionOf, pageFrom } from './connection.ts';
import type { Connection, PageArguments } from './connection.ts';
import { cursorOf, keyset, parameters } from './keyset.ts';
import type { OrderTerm } from './keyset.ts';

interface Row {
  readonly id: number;
  readonly size: number | null;
  readonly day: string | null;
  readonly name: string;
}

const rows: Row[] = Array.from({ length: 23 }, (_, id) => ({
  id,
  size: id % 4 === 0 ? null : id % 3,
  day: id % 5 === 0 ? null : `2018-01-0${1 + (id % 2)}`,
  name: `name ${id % 7}`,
}));

const term = (field: keyof Row, type: OrderTerm['type'], descending = false, nullable = false): OrderTerm => ({
  field,
  expression: field,
  type,
  descending,
  nullable,
});

const ORDERS: Readonly<Record<string, readonly OrderTerm[]>> = {
  'a name, then the id': [term('name', 'text'), term('id', 'integer')],
  'a name downwards, then the id downwards': [term('name', 'text', true), term('id', 'integer', true)],
  'a size that may be null': [term('size', 'bigint', false, true), term('id', 'integer')],
  'a size that may be null, downwards': [term('size', 'bigint', true, true), term('id', 'integer', true)],
  'two that may be null, against each other': [
    term('size', 'bigint', true, true),
    term('day', 'date', false, true),
    term('id', 'integer'),
  ],
};

const database = await throwAwayDatabase();
const client = new pg.Client({ connectionString: database.url });

beforeAll(async () => {
  await client.connect();
  await client.query('create table list (id integer primary key, size bigint, day date, name text not null)');
  await client.query(
    `insert into list select id, size, day::date, name from jsonb_to_recordset($1) as r (id int, size bigint, day text, name text)`,
    [JSON.stringify(rows)],
  );
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

async function read(terms: readonly OrderTerm[], args: PageArguments): Promise<Connection<Row>> {
  const page = pageFrom(args);
  const { values, bind } = parameters();
  const { conditions, orderBy, limit } = keyset(terms, page, bind);
  const where = conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
  const { rows: found } = await client.query<Row>(
    `select id, size::float8 as size, to_char(day, 'YYYY-MM-DD') as day, name from list ${where} order by ${orderBy} limit ${limit}`,
    values,
  );
  return connectionOf(found, page, (row) => cursorOf(terms, row));
}

async function whole(terms: readonly OrderTerm[]): Promise<number[]> {
  const all = await read(terms, { first: 200 });
  return all.nodes.map(({ id }) => id);
}

describe.each(Object.entries(ORDERS))('ordered by %s', (_, terms) => {
  it('walks every row once, forward and backward, in pages of any size', async () => {
    const all = await whole(terms);
    expect(all.toSorted((a, b) => a - b)).toEqual(rows.map(({ id }) => id));
    for (const size of [1, 4, 23]) {
      const forward: number[] = [];
      for (let page = await read(terms, { first: size }); ;) {
        forward.push(...page.nodes.map(({ id }) => id));
        if (!page.pageInfo.hasNextPage) break;
        page = await read(terms, { first: size, after: page.pageInfo.endCursor });
      }
      expect(forward).toEqual(all);
      const backward: number[] = [];
      for (let page = await read(terms, { last: size }); ;) {
        backward.unshift(...page.nodes.map(({ id }) => id));
        if (!page.pageInfo.hasPreviousPage) break;
        page = await read(terms, { last: size, before: page.pageInfo.startCursor });
      }
      expect(backward).toEqual(all);
    }
  });

  it('has nulls last in both directions', async () => {
    const all = await read(terms, { first: 200 });
    const [{ field } = { field: 'id' }] = terms;
    const nulls = all.nodes.map((row) => Reflect.get(row, field) === null);
    expect(nulls).toEqual(nulls.toSorted());
  });

  it('reads what lies between two cursors', async () => {
    const all = await read(terms, { first: 200 });
    const positions = fc.integer({ min: 0, max: rows.length - 1 });
    await fc.assert(
      fc.asyncProperty(positions, positions, async (from, to) => {
        const between = await read(terms, {
          first: 200,
          after: all.edges[from]?.cursor ?? null,
          before: all.edges[to]?.cursor ?? null,
        });
        expect(between.nodes).toEqual(all.nodes.slice(from + 1, Math.max(from + 1, to)));
      }),
      { numRuns: 20 },
    );
  });
});

describe('what makes no sense', () => {
  const [byName = [], bySize = []] = [ORDERS['a name, then the id'], ORDERS['a size that may be null']];
  const forged = (...values: unknown[]) => {
    const [mark]: unknown[] = JSON.parse(Buffer.from(cursorOf(byName, rows[0] ?? {}), 'base64url').toString());
    return Buffer.from(JSON.stringify([mark, ...values])).toString('base64url');
  };

  it.each<[string, PageArguments]>([
    ['first must be 0 to 200 (given: 201)', { first: 201 }],
    ['first must be 0 to 200 (given: -1)', { first: -1 }],
    ['last must be 0 to 200 (given: 1000000)', { last: 1_000_000 }],
    ['Give first or last, not both', { first: 1, last: 1 }],
    ['after is not a cursor of this list in this order', { after: 'nonsense' }],
    ['after is not a cursor of this list in this order', { after: cursorOf(bySize, rows[0] ?? {}) }],
    ['before is not a cursor of this list in this order', { before: forged('name') }],
    ['before is not a cursor of this list in this order', { before: forged('name', 1.5) }],
    ['before is not a cursor of this list in this order', { before: forged(null, 1) }],
    ['before is not a cursor of this list in this order', { before: forged('na\u0000me', 1) }],
  ])('is refused: %s', async (message, args) => {
    await expect(read(byName, args)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message });
  });

  it('allows a page of nothing, for its count alone', async () => {
    expect((await read(byName, { first: 0 })).pageInfo).toMatchObject({ hasNextPage: true, endCursor: null });
  });
});
