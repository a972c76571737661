import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Reach } from '@tongchou/access';
import { reaches } from '@tongchou/access';
import { cents, isoDate, splitEqually } from '@tongchou/kernel';
import fc from 'fast-check';
import { groupsStatement, headlineStatement } from '../src/api/overview-query.ts';
import type { Dimension, Group, Headline, Sums } from '../src/api/overview-query.ts';
import { workRow, worksTable } from './works-table.fixture.ts';

let table: Awaited<ReturnType<typeof worksTable>>;
beforeAll(async () => {
  table = await worksTable();
});
afterAll(() => table.close());

const REGISTER = 'register';
const DISTRICTS = ['Bronx', 'Brooklyn', 'Manhattan', 'Queens'];
const DEPARTMENTS = ['DOT', 'Parks'];
const DIMENSIONS: readonly Dimension[] = ['DEPARTMENT', 'PHASE', 'REPORTED_PHASE', 'REGISTER', 'CATEGORY', 'DISTRICT'];
const referenceDate = isoDate('2018-08-31');
const WHOLE_CITY: Reach = {};

interface Said {
  readonly districts: readonly string[];
  readonly department: string | null;
  readonly categories: readonly string[];
  readonly phase: string | null;
  readonly baselineBudget: number | null;
  readonly currentBudget: number | null;
  readonly slipDays: number | null;
  readonly late: boolean;
  readonly registered: boolean;
}

const money = fc.option(fc.oneof(fc.integer({ min: -20, max: 20 }), fc.maxSafeInteger()), { freq: 5 });

const said: fc.Arbitrary<Said> = fc.record({
  districts: fc.shuffledSubarray(DISTRICTS),
  department: fc.constantFrom(...DEPARTMENTS, null),
  categories: fc.shuffledSubarray(['Bridges', 'Parks', 'Schools']),
  phase: fc.constantFrom('DESIGNING', 'UNDER_CONSTRUCTION', null),
  baselineBudget: money,
  currentBudget: money,
  slipDays: fc.option(fc.integer({ min: -400, max: 400 })),
  late: fc.boolean(),
  registered: fc.boolean(),
});

const reach: fc.Arbitrary<Reach> = fc
  .record({
    districts: fc.option(fc.subarray(DISTRICTS), { nil: undefined, freq: 4 }),
    departments: fc.option(fc.subarray(DEPARTMENTS), { nil: undefined }),
  })
  .map(({ districts, departments }) => ({ ...(districts && { districts }), ...(departments && { departments }) }));

const cityOf = (all: readonly Said[]): Promise<void> =>
  table.fill(all.map((work, index) => workRow(String(index), REGISTER, work as object)));

async function headline(within: Reach): Promise<Headline> {
  const [found] = await table.ask<Headline>(headlineStatement(REGISTER, { referenceDate, reach: within }));
  if (!found) throw new Error('no headline');
  return found;
}

const groups = (by: Dimension, within: Reach): Promise<Group[]> =>
  table.ask<Group>(groupsStatement(REGISTER, by, { referenceDate, reach: within }));

const summed = (amounts: readonly (string | null)[]): bigint =>
  amounts.reduce((total, amount) => total + BigInt(amount ?? 0), 0n);

const figures = ({ works, baselineBudget, currentBudget, slipDays, lights }: Sums): Sums => ({
  works,
  baselineBudget,
  currentBudget,
  slipDays,
  lights,
});

const NOTHING: Sums = { works: 0, baselineBudget: null, currentBudget: null, slipDays: null, lights: [0, 0, 0, 0] };

/** By hand: what of the works' current budgets is the share of the districts that are reached. */
function shareOf(all: readonly Said[], within: Reach): bigint {
  const reached = all.filter(
    ({ registered, department, districts }) =>
      registered && reaches(within, { projectId: 'any', department, districts }),
  );
  return reached.reduce((total, { districts, currentBudget }) => {
    if (currentBudget === null) return total;
    if (!within.districts) return total + BigInt(currentBudget);
    const shares = splitEqually(cents(currentBudget), districts.length);
    const own = shares.filter((_, place) => within.districts?.includes(districts[place] ?? ''));
    return own.reduce((sum, share) => sum + BigInt(share), total);
  }, 0n);
}

const RUNS = { numRuns: 60 };

describe('the figures of who reaches a part of the city', () => {
  const city = fc.array(said, { maxLength: 12 });

  it("of a district, and of a department, are those of the city's group, to the cent", async () => {
    await fc.assert(
      fc.asyncProperty(city, async (all) => {
        await cityOf(all);
        const byDistrict = await groups('DISTRICT', WHOLE_CITY);
        for (const district of DISTRICTS) {
          const group = byDistrict.find(({ key }) => key === district) ?? NOTHING;
          expect(figures(await headline({ districts: [district] }))).toEqual(figures(group));
        }
        const byDepartment = await groups('DEPARTMENT', WHOLE_CITY);
        for (const department of DEPARTMENTS) {
          const group = byDepartment.find(({ key }) => key === department) ?? NOTHING;
          expect(figures(await headline({ departments: [department] }))).toEqual(figures(group));
        }
      }),
      RUNS,
    );
  });

  it('of several districts sum their shares, and count each work once', async () => {
    await fc.assert(
      fc.asyncProperty(city, reach, async (all, within) => {
        await cityOf(all);
        const found = await headline(within);
        expect(BigInt(found.currentBudget ?? 0)).toBe(shareOf(all, within));
        const reached = all.filter(
          ({ registered, department, districts }) =>
            registered && reaches(within, { projectId: 'any', department, districts }),
        );
        expect(found.works).toBe(reached.length);
        expect(found.slipDays ?? 0).toBe(reached.reduce((sum, { slipDays }) => sum + (slipDays ?? 0), 0));
      }),
      RUNS,
    );
  });

  it.each(DIMENSIONS)('add up from their groups by %s, which are no others than those that are reached', async (by) => {
    await fc.assert(
      fc.asyncProperty(city, reach, async (all, within) => {
        await cityOf(all);
        const total = await headline(within);
        const found = await groups(by, within);
        for (const amount of ['baselineBudget', 'currentBudget'] as const) {
          expect(summed(found.map((group) => group[amount]))).toBe(BigInt(total[amount] ?? 0));
        }
        if (by !== 'DISTRICT' || !within.districts) return;
        for (const { key } of found) expect(within.districts).toContain(key);
        if (within.departments) return;
        // A district's group is the same for everybody who sees it.
        const ofCity = await groups('DISTRICT', WHOLE_CITY);
        expect(found.toSorted(byKey)).toEqual(ofCity.filter(isOf(within.districts)).toSorted(byKey));
      }),
      { numRuns: 25 },
    );
  });
});

const byKey = (one: Group, other: Group): number => (String(one.key) < String(other.key) ? -1 : 1);

const isOf =
  (districts: readonly string[]) =>
  ({ key }: Group): boolean =>
    key !== null && districts.includes(key);
