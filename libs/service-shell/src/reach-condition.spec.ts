import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Place, type Reach, reaches } from '@tongchou/access';
import { throwAwayDatabase, type ThrowAwayDatabase } from '@tongchou/testing';
import fc from 'fast-check';
import pg from 'pg';
import { parameters } from './keyset.ts';
import { reachCondition } from './reach-condition.ts';

const ids = Array.from({ length: 4 }, () => randomUUID());
const words = ['Bronx', 'bronx', 'Bronx ', "'", '中山', '', 'a\u0000'];
const wordsOf = (most: number) => fc.uniqueArray(fc.constantFrom(...words), { maxLength: most });
const optional = <T>(given: fc.Arbitrary<T>) => fc.option(given, { nil: undefined });

const held = fc.constantFrom(...words.filter((word) => !word.includes('\u0000')));
const places: fc.Arbitrary<Place[]> = fc.array(
  fc.record({
    projectId: fc.constantFrom(...ids),
    department: fc.option(held),
    districts: fc.uniqueArray(held, { maxLength: 3 }),
  }),
  { maxLength: 8 },
);
const reachOf: fc.Arbitrary<Reach> = fc
  .record({
    projects: optional(fc.uniqueArray(fc.constantFrom(...ids, 'no id'), { maxLength: 3 })),
    departments: optional(wordsOf(3)),
    districts: optional(wordsOf(3)),
  })
  .map((lists): Reach => JSON.parse(JSON.stringify(lists)));

let own: ThrowAwayDatabase;
let database: pg.Pool;
beforeAll(async () => {
  own = await throwAwayDatabase();
  database = new pg.Pool({ connectionString: own.url, max: 1 });
});
afterAll(async () => {
  await database.end();
  await own.drop();
});

describe('a reach as SQL', () => {
  it('finds exactly what the rule reaches', async () => {
    const property = fc.asyncProperty(places, reachOf, async (rows, reach) => {
      const { values, bind } = parameters();
      const given = rows.map(({ projectId, department, districts }, at) => {
        return `(${at}, ${bind(projectId)}::uuid, ${bind(department)}::text, ${bind(districts)}::text[])`;
      });
      const columns = { projectId: 'w.project_id', department: 'w.department', districts: 'w.districts' };
      const conditions = reachCondition(reach, columns, bind);
      const from = given.length > 0 ? `values ${given.join()}` : `select 0, null::uuid, '', '{}'::text[] where false`;
      const text = `select at from (${from}) as w (at, project_id, department, districts)
        where ${['true', ...conditions].join(' and ')} order by at`;
      const found = (await database.query<{ at: number }>(text, values)).rows.map(({ at }) => at);
      expect(found).toEqual(rows.flatMap((row, at) => (reaches(reach, row) ? [at] : [])));
    });
    await fc.assert(property, { numRuns: 200 });
  });
});
