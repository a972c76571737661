import { performance } from 'node:perf_hooks';
import { projectIdOf } from '@tongchou/contracts';
import { z } from 'zod';
import { commandFor, type ImportCommand } from '../import/profile.ts';
import { askCity } from '../state/ask-city.ts';
import { type BenchCity, openBenchCity } from './bench-city.ts';
import { registrationOf } from './sample-work.ts';
import { type BulkDoor, linesOf, send } from './send.ts';
import { settled } from './settled.ts';
import { type BenchRow, type BenchTable, median, spreadOf } from './table.ts';

export interface BenchWorksAtScaleOptions {
  /** Works at the first and at the second measurement, ten events each; 1,000 and 100,000 when not given. */
  readonly works?: { readonly few: number; readonly many: number };
  /** Rounds of which the medians count; 5 when not given. */
  readonly runs?: number;
}

const REGISTER = 'scale';
const RATIO_BAR = 1.3;
const ROUNDS = 5;
const EVENTS_A_WORK = 10;
const ASKED_A_ROUND = 100;
const WARM_UP = 50;
const CLIENTS = 4;
const WORKS_A_REQUEST = 500;
const PERIODS = ['2018-01-31', '2018-04-30', '2018-08-31'];
const PHASES = ['Screening', 'Designing', 'Procuring'];

/** Another phase, finish and start of design each time: three events. */
const report = (reference: string, period: string, at: number): ImportCommand =>
  commandFor('projects', 'ReportProgress', {
    projectId: projectIdOf(REGISTER, reference),
    period,
    phase: { word: `Step ${at}`, phase: PHASES[at] ?? 'Other' },
    finish: `20${20 + at}-06-30`,
    designStart: `2017-0${at + 1}-01`,
  });

const commandsOf = (reference: string): ImportCommand[] => [
  registrationOf(REGISTER, reference),
  ...PERIODS.map((period, at) => report(reference, period, at)),
];

/** Works `from` to `to`, one request at a time from each client. */
async function fill(door: BulkDoor, from: number, to: number): Promise<void> {
  let next = from;
  const client = async (): Promise<void> => {
    while (next < to) {
      const first = next;
      next = Math.min(to, first + WORKS_A_REQUEST);
      const works = Array.from({ length: next - first }, (_, at) => `W${first + at}`);
      await send(door, linesOf(works.flatMap(commandsOf)));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

const firstPage = z.object({ works: z.object({ nodes: z.array(z.unknown()) }) });
const FIRST_PAGE = `{ works(first: 25) { nodes { project { name reference } phase forecastFinish currentBudget } pageInfo { hasNextPage endCursor } } }`;

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** A city of some size, and what one round found in each: medians, one request at a time. */
interface Sized extends BenchCity {
  readonly size: string;
  readonly bulkDoor: BulkDoor;
  readonly appendMs: number[];
  readonly pageMs: number[];
}

async function openSized(works: number): Promise<Sized> {
  const city = await openBenchCity();
  try {
    const [bulkDoor] = city.bulkDoors;
    if (!bulkDoor) throw new Error('projects does not run');
    await fill(bulkDoor, 0, works);
    await settled(city.operators);
    return {
      ...city,
      bulkDoor,
      size: `${(works * EVENTS_A_WORK).toLocaleString('en-US')} events`,
      appendMs: [],
      pageMs: [],
    };
  } catch (error) {
    await city.close();
    throw error;
  }
}

async function medianOf(asked: number, work: (at: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < asked; at += 1) times.push(await msOf(() => work(at)));
  return median(times);
}

/** One round in one city. */
async function measure(
  { door, bulkDoor }: Sized,
  round: string,
  asked: number,
): Promise<{ append: number; page: number }> {
  const append = await medianOf(asked, (at) => send(bulkDoor, linesOf([registrationOf(REGISTER, `${round}-${at}`)])));
  const page = await medianOf(asked, () => askCity(door, FIRST_PAGE, firstPage));
  return { append, page };
}

/** The cities in turns, so that whatever else runs on the machine meets both. */
async function measureAll(cities: readonly Sized[], runs: number): Promise<void> {
  for (const city of cities) await measure(city, 'warm', WARM_UP);
  for (let round = 0; round < runs; round += 1) {
    for (const city of cities) {
      const { append, page } = await measure(city, String(round), ASKED_A_ROUND);
      city.appendMs.push(append);
      city.pageMs.push(page);
    }
  }
}

function compared(what: string, key: 'appendMs' | 'pageMs', [few, many]: readonly [Sized, Sized]): BenchRow[] {
  const ms = (city: Sized): BenchRow => ({
    figure: `${what}, ${city.size}, p50`,
    value: Number(median(city[key]).toFixed(2)),
    unit: 'ms',
    spread: spreadOf(city[key], 2),
  });
  const ratios = many[key].map((value, round) => value / (few[key][round] ?? value));
  const value = Number(median(ratios).toFixed(2));
  const ratio = { value, unit: 'times', spread: spreadOf(ratios, 2), bar: `<= ${RATIO_BAR}`, met: value <= RATIO_BAR };
  return [ms(few), ms(many), { figure: `${what}, many against few`, ...ratio }];
}

/** Whether a command and the first page of works take longer in a large city than in a small one beside it. */
export async function benchWorksAtScale({
  works = { few: 1_000, many: 100_000 },
  runs = ROUNDS,
}: BenchWorksAtScaleOptions = {}): Promise<BenchTable> {
  const few = await openSized(works.few);
  try {
    const many = await openSized(works.many);
    try {
      await measureAll([few, many], runs);
    } finally {
      await many.close();
    }
    return {
      name: 'works at scale',
      rows: [
        ...compared('a command, one at a time', 'appendMs', [few, many]),
        ...compared('first page of works', 'pageMs', [few, many]),
      ],
      notes: [
        `Two real cities side by side, of ${works.few.toLocaleString('en-US')} and of ${works.many.toLocaleString('en-US')} works, ten events each, sent through the bulk door; measured when all services are fresh, in turns. Medians of ${runs} rounds of ${ASKED_A_ROUND} requests, one at a time; the ratio is the median of the rounds' ratios.`,
        "A command is a request of one line to the bulk door of projects, with a principal that the city's key signed, that registers a new work; the first page is 25 works in their default order through the gateway with a token, without totalCount, which counts all of them.",
      ],
    };
  } finally {
    await few.close();
  }
}
