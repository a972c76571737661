import { z } from 'zod';
import { askCity } from '../state/ask-city.ts';
import type { Door } from '../state/door.ts';
import { money as shown, number } from '../state/figures.ts';
import { addressOf, instancesOf, type RunFile, SERVICES } from '../state/run-file.ts';
import type { Settings } from '../state/settings.ts';
import type { StateFolder } from '../state/state-folder.ts';
import type { BusChoice } from './bus-choice.ts';

const FIGURE = /* GraphQL */ `
  {
    works(first: 1) {
      totalCount
      nodes {
        project {
          name
        }
      }
    }
    cityOverview {
      register
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

const figure = z.object({
  works: z.object({ totalCount: z.number(), nodes: z.array(z.object({ project: z.object({ name: z.string() }) })) }),
  cityOverview: z
    .object({
      register: z.string().nullable(),
      works: z.number(),
      currentBudget: z.string().nullable(),
      baselineBudget: z.string().nullable(),
      slipDays: z.number().nullable(),
      referenceDate: z.string(),
      lights: z.array(z.object({ state: z.string(), works: z.number() })),
    })
    .nullable(),
});

/** The first figure of the city, in the words that a person reads at the start. */
export async function firstFigure(door: Door, currency: string): Promise<string[]> {
  const { data } = await askCity(door, FIGURE, figure);
  const overview = data.cityOverview;
  const first = data.works.nodes[0]?.project.name;
  if (!overview || overview.works === 0) {
    return [`${data.works.totalCount} works so far. Bring some in: npm run import -- PROFILE FILE`];
  }
  const lights = overview.lights.filter(({ works }) => works > 0).map(({ state, works }) => `${state} ${works}`);
  const money = overview.currentBudget === null ? 'no budget yet' : `${shown(overview.currentBudget)} ${currency}`;
  return [
    `${number(overview.works)} works of ${overview.register ?? 'the register'}, current budgets ${money}`,
    `lights at ${overview.referenceDate}: ${lights.join(', ')}; total slip ${number(overview.slipDays ?? 0)} days`,
    ...(first ? [`the first of them: ${first}`] : []),
  ];
}

const brokersOf = ({ bus }: RunFile): string => bus?.url.replace('kafka://', '') ?? '';

/** Which bus this run uses; another start may use another. */
export function busLine(choice: BusChoice, run: RunFile): string {
  if (choice.kind === 'postgres') return 'facts travel over the PostgreSQL bus';
  if ('given' in choice) return `facts travel over the Kafka of KAFKA_BROKERS (${choice.given})`;
  const nodes = choice.nodes === 1 ? 'one node' : `${choice.nodes} nodes`;
  return `facts travel over Apache Kafka, ${nodes} (${brokersOf(run)})`;
}

function standsOn(run: RunFile): string[][] {
  const postgres = run.postgres && `port ${new URL(run.postgres.url).port}, data in ${run.postgres.data ?? '?'}`;
  const kafka = run.bus?.kind === 'kafka' ? brokersOf(run) : undefined;
  return [...(postgres ? [['PostgreSQL', postgres]] : []), ...(kafka ? [['Kafka', kafka]] : [])];
}

function whoMayAsk({ issuer }: RunFile): string[] {
  if (issuer?.pid === undefined)
    return [`  Nothing answers without a token of ${issuer?.url ?? 'the identity provider'}.`];
  return [
    '  Nothing answers without a token. Whoever opens the explorer by the whole line above chooses a role there; the line',
    '  holds the secret of this city, so keep it to yourself. In a terminal: npm run -s token -- director (or any ROLE).',
  ];
}

/** Links and what to know about this city, as lines. */
export function linksOf(city: StateFolder, run: RunFile, settings: Settings, secret: string | undefined): string[] {
  const gateway = addressOf(run, 'gateway') ?? '';
  const services = SERVICES.map((name) => [
    name,
    `${
      instancesOf(run, name)
        .map(({ url }) => url)
        .join(', ') || 'stopped'
    }  (bulk door: POST ${gateway}/v1/${name}/commands)`,
  ]);
  const rows = [
    ['GraphQL', `${gateway}/graphql`],
    ['Explorer', `${gateway}/graphiql${secret === undefined ? '' : `#demo=${secret}`}`],
    ...services,
    ...standsOn(run),
    ['State, logs', `${city.shown}, ${city.shown}/logs`],
  ];
  const day = settings.referenceDate ?? 'today';
  return [
    ...rows.map(([name = '', where = '']) => `  ${name.padEnd(12)} ${where}`),
    '',
    ...whoMayAsk(run),
    `  Money is ${settings.currency}; age, silence and lateness are judged at ${day}` +
      (settings.demo === 'none' ? '.' : ', both set by the demo data.'),
  ];
}
