import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { projectIdOf } from '@tongchou/contracts';
import { cents, isoDate } from '@tongchou/kernel';
import { eventually } from '@tongchou/testing';
import { REGISTER, sampleCity } from './sample-works.fixture.ts';
import type { SampleCity } from './sample-works.fixture.ts';
import { standingProjects } from './standing.fixture.ts';

let city: SampleCity;
beforeAll(async () => {
  city = await sampleCity();
});
afterAll(() => city.close());

describe('the overview of the city', () => {
  interface Sums {
    readonly works: number;
    readonly baselineBudget: string | null;
    readonly currentBudget: string | null;
  }
  interface Answer {
    readonly cityOverview: Sums & { readonly groups: readonly (Sums & { readonly key: string | null })[] };
  }
  const inCents = (money: string | null): number => Math.round(Number(money ?? 0) * 100);

  it('speaks of the only register, at the reference date', async () => {
    const { data, errors } =
      await city.ask(`{ cityOverview { register works baselineBudget currentBudget slipDays referenceDate
      lights { state works } reasons { code works } coverage { reporting silent notLocated unlistedDistricts } } }`);
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      cityOverview: {
        register: REGISTER,
        works: 12,
        baselineBudget: '660.11',
        currentBudget: '686.62',
        slipDays: 6 * 60 - 3,
        referenceDate: '2018-08-31',
        lights: [
          { state: 'BLOCKED', works: 0 },
          { state: 'WATCH', works: 9 },
          { state: 'NORMAL', works: 3 },
          { state: 'UNKNOWN', works: 0 },
        ],
        reasons: [
          { code: 'LATE', works: 6 },
          { code: 'DEAR', works: 0 },
          { code: 'SILENT', works: 3 },
          { code: 'BASELINE_FINISH_MISSING', works: 3 },
          { code: 'BASELINE_BUDGET_MISSING', works: 1 },
        ],
        coverage: { reporting: 9, silent: 3, notLocated: 3, unlistedDistricts: ['Manhatten'] },
      },
    });
  });

  it.each(['DEPARTMENT', 'PHASE', 'REPORTED_PHASE', 'CATEGORY', 'DISTRICT', 'REGISTER'])(
    'has groups by %s whose money adds up to the headline',
    async (by) => {
      const query = `{ cityOverview { works baselineBudget currentBudget
        groups(by: ${by}) { key works baselineBudget currentBudget slipDays lights { state works } } } }`;
      const { data, errors } = await city.ask<Answer>(query);
      expect(errors).toBeUndefined();
      const { groups, ...headline } = data.cityOverview;
      const sum = (of: (group: Sums) => number) => groups.reduce((total, group) => total + of(group), 0);
      expect(sum(({ baselineBudget }) => inCents(baselineBudget))).toBe(inCents(headline.baselineBudget));
      expect(sum(({ currentBudget }) => inCents(currentBudget))).toBe(inCents(headline.currentBudget));
      expect(groups.length).toBe(new Set(groups.map(({ key }) => key)).size);
    },
  );

  it('counts a work in each of its districts, and gives cents left over to the first as written', async () => {
    const { data } = await city.ask<Answer>('{ cityOverview { groups(by: DISTRICT) { key works currentBudget } } }');
    const share = (work: number, parts: number, place: number): number => {
      const budget = 1_040 * work + 2;
      return Math.trunc(budget / parts) + (place <= budget % parts ? 1 : 0);
    };
    const [two, three, one] = [
      [1, 5, 9],
      [2, 6, 10],
      [4, 8],
    ];
    const total = (works: number[], parts: number, place: number) =>
      works.reduce((sum, work) => sum + share(work, parts, place), 0);
    const money = (amount: number) => (amount / 100).toFixed(2);
    expect(data.cityOverview.groups).toEqual([
      { key: 'Bronx', works: 9, currentBudget: money(total(one, 1, 1) + total(two, 2, 1) + total(three, 3, 1)) },
      { key: 'Queens', works: 6, currentBudget: money(total(two, 2, 2) + total(three, 3, 2)) },
      { key: 'Manhatten', works: 3, currentBudget: money(total(three, 3, 3)) },
      { key: null, works: 3, currentBudget: money(1_040 * (3 + 7 + 11) + 6) },
    ]);
  });

  it('counts facts by kind, and knows nothing of a register without works', async () => {
    const { data } = await city.ask('{ cityOverview { facts { source type direction facts } } }');
    expect(data).toMatchObject({
      cityOverview: {
        facts: expect.arrayContaining([
          { source: 'costs', type: 'BudgetRevised', direction: null, facts: 11 },
          { source: 'projects', type: 'FinishForecastRevised', direction: 'LATER', facts: 6 },
          { source: 'projects', type: 'FinishForecastRevised', direction: 'EARLIER', facts: 3 },
        ]),
      },
    });
    const nothing = await city.ask(
      '{ cityOverview(register: "none") { register works currentBudget groups(by: PHASE) { key } } }',
    );
    expect(nothing.data).toEqual({ cityOverview: { register: 'none', works: 0, currentBudget: null, groups: [] } });
  });
});

describe('money beyond what a number holds', () => {
  const amount = cents(Number.MAX_SAFE_INTEGER);
  const works = ['1', '2', '3'];
  let large: Awaited<ReturnType<typeof standingProjects>>;
  beforeAll(async () => {
    large = await standingProjects();
    for (const reference of works) {
      const projectId = projectIdOf('large', reference);
      const named = {
        register: 'large',
        reference,
        name: reference,
        districts: 'Bronx, Queens',
        registeredOn: '2018-01-01',
      };
      await large.send([{ command: 'RegisterProject', input: named }]);
      const period = isoDate('2018-06-01');
      await large.publish(projectId, [{ type: 'BudgetBaselineReported', projectId, period, amount }]);
    }
  });
  afterAll(() => large.close());

  it('is summed to the cent, in the headline and in shares', async () => {
    const query = '{ cityOverview { currentBudget groups(by: DISTRICT) { key currentBudget } } }';
    const money = (sum: bigint): string => `${sum / 100n}.${String(sum % 100n).padStart(2, '0')}`;
    const half = BigInt(amount) / 2n;
    await eventually('all budgets have arrived', async () => {
      const { data } = await large.ask<{ cityOverview: { currentBudget: string } }>(query);
      return data.cityOverview.currentBudget === money(3n * BigInt(amount));
    });
    const { data } = await large.ask(query);
    expect(data).toMatchObject({
      cityOverview: {
        groups: [
          { key: 'Bronx', currentBudget: money(3n * (half + 1n)) },
          { key: 'Queens', currentBudget: money(3n * half) },
        ],
      },
    });
  });
});
