import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { costSheetIdOf, projectIdOf } from '@tongchou/contracts';
import { asCsv, randomRows } from './random-register.ts';
import { figuresOf } from './register-figures.ts';
import { RegisterOracle, type RegisterRow } from './register-oracle.ts';
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

interface StoredEvent {
  readonly stream_id: string;
  readonly event_type: string;
  readonly data: { readonly period?: string; readonly registeredOn?: string };
}

/** Counts by word, those above 0. */
function summed(counts: readonly (readonly [string, number])[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [word, count] of counts) if (count > 0) sums[word] = (sums[word] ?? 0) + count;
  return sums;
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

/** Every stream of a service: kind and period of its facts, in their order. */
async function streamsOf(city: RunningCity, service: 'projects' | 'costs'): Promise<Record<string, string[]>> {
  const streams: Record<string, string[]> = {};
  for (const event of (await city.events(service)) as readonly StoredEvent[]) {
    const { period, registeredOn } = event.data;
    (streams[event.stream_id] ??= []).push(`${event.event_type} ${period ?? registeredOn ?? ''}`);
  }
  return streams;
}

async function answered(city: RunningCity): Promise<object> {
  const { cityOverview } = (await city.ask(OVERVIEW)).data as unknown as {
    cityOverview: Overview & Groups;
  };
  const { lights, reasons, facts, works, currentBudget, baselineBudget, slipDays, ...groups } = cityOverview;
  const groupOf = ({ key, ...sums }: Group) => [String(key), sums] as const;
  return {
    rows: await rowsOf(city),
    headline: { works, currentBudget, baselineBudget, slipDays },
    lights: summed(lights.map((light) => [light.state, light.works])),
    reasons: summed(reasons.map((reason) => [reason.code, reason.works])),
    groups: Object.fromEntries(
      Object.entries(groups).map(([by, found]) => [by, Object.fromEntries(found.map(groupOf))]),
    ),
    facts: summed(facts.map((one) => [one.type, one.facts])),
    directions: summed(facts.map((one) => [one.direction ?? '', one.direction === null ? 0 : one.facts])),
    projects: await streamsOf(city, 'projects'),
    costs: await streamsOf(city, 'costs'),
  };
}

function expected(oracle: RegisterOracle): object {
  const { directions, ...figures } = figuresOf(oracle, REGISTER, REFERENCE_DATE);
  const streams = [...oracle.works.values()].map(({ reference, projects, costs }) => {
    const lines = [projects, costs].map((told) => told.map(({ kind, period }) => `${kind} ${period}`));
    return { id: projectIdOf(REGISTER, reference), projects: lines[0], costs: lines[1] };
  });
  return {
    ...figures,
    directions: summed(Object.entries(directions)),
    projects: Object.fromEntries(streams.map(({ id, projects }) => [id, projects])),
    costs: Object.fromEntries(streams.map(({ id, costs }) => [costSheetIdOf(id), costs])),
  };
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

  /** Imports a file, whose rows the oracle reads too, until both say the same; answers what was recorded. */
  async function heard(text: string, rows: readonly RegisterRow[]): Promise<object> {
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
    return (JSON.parse(out.slice(out.indexOf('{\n'))) as { recorded: object }).recorded;
  }

  // One content that is always the same, and one that nobody has seen before: its seed stands in the name.
  it.each([20_180_831, Date.now() % 1_000_000])(
    'is told by the rules, whatever comes late or again: seed %i',
    async (seed) => {
      const from = seed * 1_000;
      const first = randomRows(seed, from);
      const second = [...randomRows(seed + 1, from + 40), ...first.slice(0, 150)];
      await heard(asCsv(first), first);
      // A later file, with old rows among new ones, as another program writes it.
      await heard(`\uFEFF${asCsv(second, '\r\n')}`, second);
      expect(await heard(asCsv(first), first)).toEqual({});
    },
    LONG_MS,
  );
});
