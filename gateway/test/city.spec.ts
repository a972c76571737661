import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type RunningCity, startCity } from './running-city.ts';

const FILE = fileURLToPath(new URL('../../data/nyc-capital-projects-2013-2018.csv', import.meta.url));
const IMPORT = ['import', 'nyc-capital-projects', FILE, '--json'];
const LONG_MS = 300_000;

interface Imported {
  readonly verdicts: Record<string, number>;
  readonly recorded: Record<string, number>;
}

const readImport = (out: string): Imported => JSON.parse(out.slice(out.indexOf('{\n')));

const inCents = (money: string | null): bigint => BigInt((money ?? '0').replace('.', ''));

/** Asks until the answer is the one that is waited for; the last one when it never comes. */
async function eventually<Value>(ask: () => Promise<Value>, holds: (value: Value) => boolean): Promise<Value> {
  for (const end = Date.now() + 60_000; ; await pause(200)) {
    const value = await ask();
    if (holds(value) || Date.now() > end) return value;
  }
}

describe('a city that starts with its demo', () => {
  let city: RunningCity;
  /** The work that is registered while costs is away; the register of the demo does not name it. */
  let bridge = '';
  beforeAll(async () => {
    city = await startCity(['--port-base', '43100']);
  }, LONG_MS);
  afterAll(() => city.close(), LONG_MS);

  it('answers the control totals of the source', async () => {
    const { data, errors } = await city.ask(`{
      works(first: 1) { totalCount nodes { project { name } } }
      cityOverview {
        register works baselineBudget currentBudget slipDays referenceDate
        lights { state works } reasons { code works } coverage { silent }
        groups(by: REPORTED_PHASE) { key works }
        facts { type direction facts }
      }
    }`);
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      works: { totalCount: 248 },
      cityOverview: {
        register: 'nyc-capital-projects',
        works: 248,
        baselineBudget: '28127941660.46',
        currentBudget: '31200126501.62',
        slipDays: 82_820,
        referenceDate: '2018-08-31',
        coverage: { silent: 1 },
        lights: expect.arrayContaining([
          { state: 'WATCH', works: 167 },
          { state: 'NORMAL', works: 78 },
          { state: 'UNKNOWN', works: 3 },
        ]),
        reasons: expect.arrayContaining([
          { code: 'LATE', works: 145 },
          { code: 'DEAR', works: 106 },
          { code: 'SILENT', works: 1 },
        ]),
        groups: expect.arrayContaining([
          { key: 'Design', works: 102 },
          { key: 'Construction', works: 115 },
          { key: 'Construction Procurement', works: 26 },
          { key: 'IT', works: 5 },
        ]),
        facts: expect.arrayContaining([
          { type: 'BudgetBaselineReported', direction: null, facts: 247 },
          { type: 'BudgetRevised', direction: null, facts: 876 },
          { type: 'BudgetQuarantined', direction: null, facts: 2 },
          { type: 'BaselineFinishSet', direction: null, facts: 245 },
          { type: 'FinishForecastRevised', direction: 'LATER', facts: 516 },
          { type: 'FinishForecastRevised', direction: 'EARLIER', facts: 158 },
          { type: 'FinishForecastQuarantined', direction: null, facts: 1 },
          { type: 'PhaseReported', direction: null, facts: 248 },
          { type: 'PhaseChanged', direction: null, facts: 139 },
          { type: 'PhaseChanged', direction: 'BACKWARD', facts: 4 },
          { type: 'DesignStartReported', direction: null, facts: 243 },
          { type: 'DesignStartCorrected', direction: null, facts: 15 },
          { type: 'StatusConfirmed', direction: null, facts: 360 },
        ]),
      },
    });
  });

  it('sums to the headline in the table, in every grouping, and in both services', async () => {
    interface Page {
      works: {
        nodes: { currentBudget: string | null; project: { costSheet: { currentBudget: string | null } } }[];
        pageInfo: { hasNextPage: boolean; endCursor: string };
      };
    }
    const page = `query ($after: String) { works(first: 100, after: $after) {
      nodes { currentBudget project { costSheet { currentBudget } } } pageInfo { hasNextPage endCursor } } }`;
    const nodes: Page['works']['nodes'] = [];
    for (let after: string | undefined; ;) {
      const { works } = (await city.ask(page, { after })).data as unknown as Page;
      nodes.push(...works.nodes);
      if (!works.pageInfo.hasNextPage) break;
      after = works.pageInfo.endCursor;
    }
    const headline = inCents('31200126501.62');
    const sum = (amounts: (string | null)[]): bigint => amounts.reduce((total, amount) => total + inCents(amount), 0n);
    expect(sum(nodes.map((node) => node.currentBudget))).toBe(headline);
    expect(sum(nodes.map(({ project }) => project.costSheet.currentBudget))).toBe(headline);
    for (const by of ['DEPARTMENT', 'PHASE', 'CATEGORY', 'DISTRICT', 'REGISTER']) {
      const { data } = await city.ask(`{ cityOverview { groups(by: ${by}) { currentBudget } } }`);
      const { groups } = (data as unknown as { cityOverview: { groups: { currentBudget: string | null }[] } })
        .cityOverview;
      expect([by, sum(groups.map(({ currentBudget }) => currentBudget))]).toEqual([by, headline]);
    }
  });

  it(
    'adds nothing when the same file comes again',
    async () => {
      const before = [await city.events('projects'), await city.events('costs')];
      const { code, out } = await city.command(IMPORT);
      expect(code).toBe(0);
      expect(readImport(out)).toMatchObject({ verdicts: { repeated: 1298 }, recorded: {} });
      expect([await city.events('projects'), await city.events('costs')]).toEqual(before);
    },
    LONG_MS,
  );

  it(
    'goes on without costs, and costs hears what was said meanwhile',
    async () => {
      expect((await city.command(['stop', 'costs'])).code).toBe(0);
      const works = await city.ask(
        '{ works(first: 2) { totalCount nodes { project { id costSheet { currentBudget } } } } }',
      );
      expect(works.data).toMatchObject({ works: { totalCount: 248, nodes: [{ project: { costSheet: null } }, {}] } });
      expect(
        works.errors?.map(({ path: at, extensions }) => [at.join('.'), extensions['code'], extensions['service']]),
      ).toEqual([
        ['works.nodes.0.project.costSheet', 'SUBGRAPH_UNAVAILABLE', 'costs'],
        ['works.nodes.1.project.costSheet', 'SUBGRAPH_UNAVAILABLE', 'costs'],
      ]);
      const registered = await city.ask(`mutation { registerProject(input: {
      idempotencyKey: "while-costs-was-away", register: "office", reference: "1", name: "A bridge", registeredOn: "2018-08-01"
    }) { project { id } errors { code } } }`);
      const { id } = (registered.data as unknown as { registerProject: { project: { id: string } } }).registerProject
        .project;
      bridge = id;
      expect((await city.command(['start', '--only', 'costs'])).code).toBe(0);
      const sheet = await eventually(
        async () => (await city.ask(`{ project(id: "${id}") { costSheet { state } } }`)).data,
        (data) => JSON.stringify(data).includes('OPEN'),
      );
      expect(sheet).toEqual({ project: { costSheet: { state: 'OPEN' } } });
    },
    LONG_MS,
  );

  it(
    'is well, as the doctor and a second start see it',
    async () => {
      expect(await city.command(['doctor'])).toMatchObject({ code: 0 });
      expect(await city.command(['start'])).toMatchObject({ code: 0, out: expect.stringContaining('runs already') });
    },
    LONG_MS,
  );

  describe('and another that heard the same in pieces, under kills', () => {
    let other: RunningCity;
    beforeAll(async () => {
      const settings = { CURRENCY: 'USD', REFERENCE_DATE: '2018-08-31' };
      other = await startCity(['--no-demo', '--port-base', '43200'], settings);
    }, LONG_MS);
    afterAll(() => other.close(), LONG_MS);

    it('is told of a file that is not there', async () => {
      const missing = await other.command(['import', 'nyc-capital-projects', path.join(other.state, 'missing.csv')]);
      expect(missing).toMatchObject({ code: 1, out: expect.stringContaining('cannot be read') });
    });

    it(
      'has the same streams, types, versions and data',
      async () => {
        const cut = other.command([...IMPORT, '--until', '2016-01-01'], (pid) => {
          void eventually(
            () => other.events('projects'),
            (events) => events.length > 100,
          ).then(() => process.kill(pid, 'SIGKILL'));
        });
        await cut;
        expect((await other.command([...IMPORT, '--until', '2016-01-01'])).code).toBe(0);
        const half = (await other.events('projects')).length;
        const whole = other.command(IMPORT);
        for (const app of ['costs', 'projects', 'postgres', 'gateway'] as const) {
          const pid = await other.pid(app);
          process.kill(pid, 'SIGKILL');
          expect(
            await eventually(
              () => other.pid(app),
              (now) => now !== pid,
            ),
          ).not.toBe(pid);
        }
        const { code, out } = await whole;
        expect({ code, out: code === 0 ? '' : out }).toEqual({ code: 0, out: '' });
        const ofRegister = (events: readonly object[]): object[] =>
          events.filter((event) => !JSON.stringify(event).includes(bridge));
        const [projects, costs] = [ofRegister(await city.events('projects')), ofRegister(await city.events('costs'))];
        expect(half).toBeLessThan(projects.length);
        expect(await other.events('projects')).toEqual(projects);
        const sheets = await eventually(
          () => other.events('costs'),
          (events) => events.length >= costs.length,
        );
        expect(sheets).toEqual(costs);
      },
      LONG_MS,
    );
  });
});
