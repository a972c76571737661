import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Fact, ReadModel } from '@tongchou/kernel';
import { throwAwayDatabase } from '@tongchou/testing';
import fc from 'fast-check';
import pg from 'pg';
import { Between, In, IsNull, MoreThan } from 'typeorm';
import { entityOf } from './entity.ts';
import { columnName, createTable, readMark, readRows, servingTable, writing } from './model-table.ts';
import { instantFromSql, SQL_TYPES } from './sql-values.ts';
import { openStore, type Store } from './store.ts';

interface Row {
  readonly projectId: string;
  readonly period: string;
  readonly text: string | null;
  readonly amount: number | null;
  readonly count: number;
  readonly late: boolean;
  readonly at: string;
  readonly words: readonly string[];
  readonly detail: { readonly [key: string]: unknown } | null;
}

const everything: ReadModel<Row, Fact, 'projectId' | 'period'> = {
  name: 'every_thing',
  version: 3,
  columns: {
    projectId: 'uuid',
    period: 'date',
    text: 'text?',
    amount: 'bigint?',
    count: 'integer',
    late: 'boolean',
    at: 'timestamptz',
    words: 'text[]',
    detail: 'jsonb?',
  },
  primaryKey: ['projectId', 'period'],
  indexes: [['late', 'period']],
  key: () => undefined,
  fold: (row) => {
    if (!row) throw new Error('not folded here');
    return row;
  },
};

const ROW: Row = {
  projectId: '11111111-1111-4111-8111-111111111111',
  period: '2018-02-28',
  text: null,
  amount: 9_007_199_254_740_991,
  count: -1,
  late: true,
  at: '2018-09-01T08:00:00.000001Z',
  words: ['a "b" {c},\\', '', 'null', '道路'],
  detail: { nested: ['x', 1, null] },
};

const table = servingTable(everything);
let database: Awaited<ReturnType<typeof throwAwayDatabase>>;
let store: Store;
const write = async (rows: readonly Row[]): Promise<void> => {
  const statement = writing(table, rows);
  if (statement) await store.pool.query(statement);
};
beforeAll(async () => {
  database = await throwAwayDatabase();
  store = await openStore({ url: database.url, service: 'projects', entities: [entityOf(everything)] });
  await createTable(store.pool, table);
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

describe('a table of a read model', () => {
  it('gives rows back as they were written, whatever they hold', async () => {
    const text = fc.string({ unit: 'grapheme' }).map((value) => value.replaceAll('\u0000', ''));
    const row: fc.Arbitrary<Row> = fc.record({
      projectId: fc.uuid(),
      period: fc
        .date({ min: new Date('0002-01-01'), max: new Date('9998-12-31'), noInvalidDate: true })
        .map((day) => day.toISOString().slice(0, 10)),
      text: fc.option(text),
      amount: fc.option(fc.maxSafeInteger()),
      count: fc.integer(),
      late: fc.boolean(),
      at: fc.constantFrom('2018-09-01T08:00:00.123456Z', '0099-01-01T00:00:00.000000Z', '2024-02-29T23:59:59.999999Z'),
      words: fc.array(text),
      detail: fc.option(fc.dictionary(fc.constantFrom('a', 'b'), text, { noNullPrototype: true })),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(row, { minLength: 1, maxLength: 20, selector: (each) => each.projectId }),
        async (rows) => {
          await write(rows);
          const found = await readRows(store.pool, table, rows);
          expect([...found.values()].toSorted(byId)).toEqual(rows.toSorted(byId));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('replaces a row of the same key, and finds none for a key that is not there', async () => {
    await write([ROW]);
    await write([{ ...ROW, count: 7 }]);
    const keys = [ROW, { projectId: ROW.projectId, period: '2018-03-01' }, ROW];
    expect([...(await readRows(store.pool, table, keys)).values()]).toEqual([{ ...ROW, count: 7 }]);
  });

  it('takes whole numbers to their bounds, and nothing that does not fit its column', async () => {
    const least = { ...ROW, count: -(2 ** 31), amount: Number.MIN_SAFE_INTEGER };
    await write([least]);
    expect([...(await readRows(store.pool, table, [least])).values()]).toEqual([least]);
    for (const unfit of [{ count: 2 ** 31 }, { count: 0.5 }, { amount: Number.NaN }, { projectId: 'B' }])
      expect(() => writing(table, [{ ...ROW, ...unfit }])).toThrow(/Not /);
  });

  it('bears the version in its comment', async () => {
    expect(await readMark(store.pool, table)).toMatchObject({ version: 3 });
    expect(await readMark(store.pool, { schema: 'rm', table: 'nothing' })).toBeUndefined();
    expect(columnName('baselineBudgetAt')).toBe('baseline_budget_at');
  });
});

const idOf = (row: object): string => ('projectId' in row ? String(row.projectId) : '');
const byId = (a: object, b: object): number => (idOf(a) < idOf(b) ? -1 : 1);

describe('the entity of a read model', () => {
  it('reads rows as the model writes them: cents as numbers, days and instants as text', async () => {
    await store.pool.query('delete from rm.every_thing');
    await write([ROW, { ...ROW, period: '2019-01-01', amount: 5, text: 'x', detail: null }]);
    const rows = store.dataSource.getRepository(entityOf(everything));
    expect(await rows.findOneBy({ projectId: ROW.projectId, period: '2018-02-28' })).toEqual(ROW);
    expect(await rows.countBy({ period: Between('2018-01-01', '2018-12-31'), text: IsNull() })).toBe(1);
    expect(await rows.countBy({ amount: MoreThan(5), at: ROW.at })).toBe(1);
    expect(await rows.countBy({ projectId: In([ROW.projectId]) })).toBe(2);
  });

  it('is the same for the same model, so that repositories are too', () => {
    expect(entityOf(everything)).toBe(entityOf(everything));
  });
});

it.each([
  ['2018-09-01 08:00:00+00', '2018-09-01T08:00:00.000000Z'],
  ['2018-09-01 08:00:00.12+08', '2018-09-01T00:00:00.120000Z'],
  ['2018-09-01 08:00:00.000001-03:30', '2018-09-01T11:30:00.000001Z'],
  ['infinity', 'infinity'],
])('an instant that PostgreSQL writes as %s is %s', (sql, instant) => {
  expect(instantFromSql(sql)).toBe(instant);
});

it('keeps a bigint as text, whatever another library of the process makes of them all', () => {
  const usual = pg.types.getTypeParser(pg.types.builtins.INT8);
  pg.types.setTypeParser(pg.types.builtins.INT8, (text) => BigInt(text));
  try {
    expect(SQL_TYPES.getTypeParser(pg.types.builtins.INT8)('9007199254740993')).toBe('9007199254740993');
  } finally {
    pg.types.setTypeParser(pg.types.builtins.INT8, usual);
  }
});
