import { z } from 'zod';
import { askCity } from '../state/ask-city.ts';
import type { StateFolder } from '../state/state-folder.ts';
import { addressOf, readRun } from '../state/run-file.ts';

/** Above this many works their histories are not read one by one. */
const COUNTED_WORKS = 5_000;
const PAGE = 100;

const OVERVIEW = /* GraphQL */ `
  query Totals($register: String!) {
    cityOverview(register: $register) {
      works
      currentBudget
      baselineBudget
      slipDays
      referenceDate
      lights {
        state
        works
      }
    }
  }
`;

const money = z.string().nullable();

const overview = z.object({
  cityOverview: z
    .object({
      works: z.number(),
      currentBudget: money,
      baselineBudget: money,
      slipDays: z.number().nullable(),
      referenceDate: z.string(),
      lights: z.array(z.object({ state: z.string(), works: z.number() })),
    })
    .nullable(),
});

const HISTORIES = /* GraphQL */ `
  query Histories($register: String!, $first: Int!, $after: String) {
    works(filter: { register: { eq: $register } }, first: $first, after: $after) {
      nodes {
        reportedPhase
        light {
          state
          reasons {
            code
          }
        }
        project {
          history(first: 200) {
            nodes {
              type
              direction
            }
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`;

const histories = z.object({
  works: z.object({
    nodes: z.array(
      z.object({
        reportedPhase: z.string().nullable(),
        light: z.object({ state: z.string(), reasons: z.array(z.object({ code: z.string() })) }),
        project: z.object({
          history: z.object({ nodes: z.array(z.object({ type: z.string(), direction: z.string().nullable() })) }),
        }),
      }),
    ),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
});

/** What the city says of a register: figures that a reader can check against the source. */
export interface Totals {
  readonly works: number;
  readonly currentBudget: string | null;
  readonly baselineBudget: string | null;
  readonly slipDays: number | null;
  readonly referenceDate: string;
  readonly lights: Readonly<Record<string, number>>;
  /** Facts by kind, and by direction where they have one (`FinishForecastRevised LATER`). */
  readonly facts?: Readonly<Record<string, number>>;
  readonly lightReasons?: Readonly<Record<string, number>>;
  readonly lastPhases?: Readonly<Record<string, number>>;
}

type Counts = Record<string, number>;
const add = (counts: Counts, key: string): void => void (counts[key] = (counts[key] ?? 0) + 1);

async function countHistories(
  gateway: string,
  register: string,
): Promise<Pick<Totals, 'facts' | 'lightReasons' | 'lastPhases'>> {
  const [facts, lightReasons, lastPhases]: [Counts, Counts, Counts] = [{}, {}, {}];
  for (let after: string | null = null; ;) {
    const { data }: { data: z.infer<typeof histories> } = await askCity(gateway, HISTORIES, histories, {
      register,
      first: PAGE,
      after,
    });
    for (const { project, light, reportedPhase } of data.works.nodes) {
      for (const { type, direction } of project.history.nodes) {
        add(facts, type);
        if (direction !== null) add(facts, `${type} ${direction}`);
      }
      for (const { code } of light.reasons) add(lightReasons, code);
      if (reportedPhase !== null) add(lastPhases, reportedPhase);
    }
    if (!data.works.pageInfo.hasNextPage) return { facts, lightReasons, lastPhases };
    after = data.works.pageInfo.endCursor;
  }
}

/** The register's control totals as the gateway answers them; `undefined` when it has no works. */
export async function controlTotals(city: StateFolder, register: string): Promise<Totals | undefined> {
  const gateway = addressOf((await readRun(city)) ?? {}, 'gateway');
  if (gateway === undefined) return undefined;
  const { data } = await askCity(gateway, OVERVIEW, overview, { register });
  const found = data.cityOverview;
  if (!found || found.works === 0) return undefined;
  const lights = Object.fromEntries(found.lights.map(({ state, works }) => [state, works]));
  const counted = found.works <= COUNTED_WORKS ? await countHistories(gateway, register) : {};
  return { ...found, lights, ...counted };
}
