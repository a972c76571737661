import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { asCsv, randomRows } from './random-register.ts';
import { figuresOf } from './register-figures.ts';
import { RegisterOracle } from './register-oracle.ts';
import { type RunningCity, startCity } from './running-city.ts';

const REGISTER = 'nyc-capital-projects';
const REFERENCE_DATE = '2018-08-31';
const LONG_MS = 300_000;

const ROWS = `query ($after: String) { works(first: 200, after: $after) {
  nodes {
    project { reference name costSheet { baselineBudget currentBudget } }
    department districts categories phase reportedPhase designStart baselineFinish forecastFinish slipDays
    baselineBudget currentBudget lastHeardOn light { state reasons { code } }
  }
  pageInfo { hasNextPage endCursor } } }`;

const GROUPS = ['DEPARTMENT', 'PHASE', 'REPORTED_PHASE', 'CATEGORY', 'DISTRICT', 'REGISTER'] as const;
const OVERVIEW = `{ cityOverview {
  works currentBudget baselineBudget slipDays
  lights { state works } reasons { code works } facts { type direction facts }
  ${GROUPS.map((by) => `${by}: groups(by: ${by}) { key works currentBudget baselineBudget }`).join('\n')} } }`;

interface Group {
  readonly key: string | null;
  readonly works: number;
}
type Groups = Readonly<Record<(typeof GROUPS)[number], readonly Group[]>>;

interface Overview {
  readonly works: number;
  readonly currentBudget: string | null;
  readonly baselineBudget: string | null;
  readonly slipDays: number;
  readonly lights: readonly { readonly state: string; readonly works: number }[];
  readonly reasons: readonly { readonly code: string; readonly works: number }[];
  readonly facts: readonly { readonly type: string; readonly direction: string | null; readonly facts: number }[];
}
interface Page {
  readonly works: {
    readonly nodes: readonly { readonly project: { readonly reference: string } }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
  };
}

async function rowsOf(city: RunningCity): Promise<Record<string, object>> {
  const rows: Record<string, object> = {};
  for (let after: string | undefined; ;) {
    const { works } = (await city.ask(ROWS, { after })).data as unknown as Page;
    for (const node of works.nodes) rows[node.project.reference] = node;
    if (!works.pageInfo.hasNextPage) return rows;
    after = works.pageInfo.endCursor;
  }
}

const some = (counts: readonly (readonly [string, number])[]): Record<string, number> =>
  Object.fromEntries(counts.filter(([, count]) => count > 0));

async function answered(city: RunningCity): Promise<object> {
  const { cityOverview } = (await city.ask(OVERVIEW)).data as unknown as {
    cityOverview: Overview & Groups;
  };
  const { lights, reasons, facts, works, currentBudget, baselineBudget, slipDays, ...groups } = cityOverview;
  const groupOf = ({ key, ...sums }: Group) => [String(key), sums] as const;
  return {
    rows: await rowsOf(city),
    headline: { works, currentBudget, baselineBudget, slipDays },
    lights: some(lights.map((light) => [light.state, light.works])),
    reasons: some(reasons.map((reason) => [reason.code, reason.works])),
    groups: Object.fromEntries(
      Object.entries(groups).map(([by, found]) => [by, Object.fromEntries(found.map(groupOf))]),
    ),
    backward: facts.find(({ direction }) => direction === 'BACKWARD')?.facts ?? 0,
    later: facts.find(({ direction }) => direction === 'LATER')?.facts ?? 0,
    earlier: facts.find(({ direction }) => direction === 'EARLIER')?.facts ?? 0,
  };
}

function expected(oracle: RegisterOracle): object {
  const { facts: _facts, directions, ...figures } = figuresOf(oracle, REGISTER, REFERENCE_DATE);
  return { ...figures, backward: directions.BACKWARD, later: directions.LATER, earlier: directions.EARLIER };
}

function same(found: object, rules: object): boolean {
  try {
    expect(found).toEqual(rules);
    return true;
  } catch {
    return false;
  }
}

describe('a register of any content', () => {
  const oracle = new RegisterOracle();
  let city: RunningCity;
  beforeAll(async () => {
    city = await startCity(['--no-demo', '--port-base', '43300'], { CURRENCY: 'USD', REFERENCE_DATE });
  }, LONG_MS);
  afterAll(() => city.close(), LONG_MS);

  const first = randomRows(20_180_831, 1);
  const second = [...randomRows(7, 41), ...first.slice(0, 150)];
  const files = [
    ['a first file', asCsv(first), first],
    ['a later file with other periods, old rows among them, in CRLF', `\uFEFF${asCsv(second, '\r\n')}`, second],
    ['the first file again', asCsv(first), first],
  ] as const;

  it.each(files)(
    'answers by the rules after %s',
    async (_what, text, rows) => {
      const file = path.join(city.state, 'register.csv');
      await writeFile(file, text);
      const { code, out } = await city.command(['import', REGISTER, file, '--json']);
      expect({ code, out: code === 0 ? '' : out }).toEqual({ code: 0, out: '' });
      oracle.read(rows);
      const rules = expected(oracle);
      // What costs published last may still be on its way into the table of works.
      let found = await answered(city);
      for (const end = Date.now() + 20_000; !same(found, rules) && Date.now() < end; await pause(200)) {
        found = await answered(city);
      }
      expect(found).toEqual(rules);
    },
    LONG_MS,
  );
});
