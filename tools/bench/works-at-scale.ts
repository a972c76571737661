import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { projectIdOf } from '@tongchou/contracts';
import { z } from 'zod';
import { commandFor, type ImportCommand } from '../import/profile.ts';
import { askCity } from '../state/ask-city.ts';
import { addressOf, type RunFile } from '../state/run-file.ts';
import { statusOf } from '../state/service-status.ts';
import { openBenchCity } from './bench-city.ts';
import { linesOf, send } from './send.ts';
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
const ASKED_A_ROUND = 100;
const WARM_UP = 50;
const CLIENTS = 4;
const WORKS_A_REQUEST = 500;
const FRESH_MS = 3_000;
const SETTLE_MS = 900_000;
const PERIODS = ['2018-01-31', '2018-04-30', '2018-08-31'];
const PHASES = ['Screening', 'Designing', 'Procuring'];

const registration = (reference: string): ImportCommand =>
  commandFor('projects', 'RegisterProject', {
    register: REGISTER,
    reference,
    name: `Bridge ${reference}`,
    description: 'Reconstruction of water mains, sewers, roadway and street lighting between the two bridges.',
    projectType: 'Bridges',
    managingDepartment: 'DOT',
    clientDepartment: 'DOT',
    districts: 'Queens',
    registeredOn: '2018-01-01',
  });

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
  registration(reference),
  ...PERIODS.map((period, at) => report(reference, period, at)),
];

/** Works `from` to `to`, one request at a time from each client. */
async function fill(url: string, from: number, to: number): Promise<void> {
  let next = from;
  const client = async (): Promise<void> => {
    while (next < to) {
      const first = next;
      next = Math.min(to, first + WORKS_A_REQUEST);
      const works = Array.from({ length: next - first }, (_, at) => `W${first + at}`);
      await send(url, linesOf(works.flatMap(commandsOf)));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

async function isFresh(url: string): Promise<boolean> {
  const { freshness } = await statusOf(url);
  return freshness.every(({ lagMs }) => lagMs !== null && lagMs < FRESH_MS);
}

/** Waits until both services have folded everything, so that what is measured is the size, not the work left over. */
async function settled(services: readonly string[]): Promise<void> {
  for (const end = performance.now() + SETTLE_MS; performance.now() < end; await pause(1_000))
    if ((await Promise.all(services.map(isFresh))).every(Boolean)) return;
  throw new Error(`The city of the benchmark was not fresh within ${SETTLE_MS / 1_000} s`);
}

const page = z.object({ works: z.object({ nodes: z.array(z.unknown()) }) });
const FIRST_PAGE = `{ works(first: 25) { nodes { project { name reference } phase forecastFinish currentBudget } pageInfo { hasNextPage endCursor } } }`;

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Medians of several rounds, one request at a time. */
async function rounds(count: number, work: () => Promise<unknown>): Promise<number[]> {
  for (let warm = 0; warm < WARM_UP; warm += 1) await work();
  const medians: number[] = [];
  for (let round = 0; round < count; round += 1) {
    const times: number[] = [];
    for (let asked = 0; asked < ASKED_A_ROUND; asked += 1) times.push(await msOf(work));
    medians.push(median(times));
  }
  return medians;
}

interface Measured {
  readonly appendMs: number[];
  readonly pageMs: number[];
}

async function measure(run: RunFile, count: number, tag: string): Promise<Measured> {
  const [gateway, projects] = [addressOf(run, 'gateway') ?? '', addressOf(run, 'projects') ?? ''];
  let sent = 0;
  const appendMs = await rounds(count, () => send(projects, linesOf([registration(`${tag}${(sent += 1)}`)])));
  const pageMs = await rounds(count, () => askCity(gateway, FIRST_PAGE, page));
  return { appendMs, pageMs };
}

function compared(what: string, few: readonly number[], many: readonly number[], sizes: readonly string[]): BenchRow[] {
  const ms = (runs: readonly number[], size = ''): BenchRow => ({
    figure: `${what}, ${size}, p50`,
    value: Number(median(runs).toFixed(2)),
    unit: 'ms',
    spread: spreadOf(runs, 2),
  });
  const value = Number((median(many) / median(few)).toFixed(2));
  const ratio = { value, unit: 'times', bar: `<= ${RATIO_BAR}`, met: value <= RATIO_BAR };
  return [ms(few, sizes[0]), ms(many, sizes[1]), { figure: `${what}, many against few`, ...ratio }];
}

/** Whether a command and the first page of works take longer in a large city than in a small one. */
export async function benchWorksAtScale({
  works = { few: 1_000, many: 100_000 },
  runs = ROUNDS,
}: BenchWorksAtScaleOptions = {}): Promise<BenchTable> {
  const { run, close } = await openBenchCity();
  try {
    const [projects, costs] = [addressOf(run, 'projects') ?? '', addressOf(run, 'costs') ?? ''];
    await fill(projects, 0, works.few);
    await settled([projects, costs]);
    const few = await measure(run, runs, 'few-');
    await fill(projects, works.few, works.many);
    await settled([projects, costs]);
    const many = await measure(run, runs, 'many-');
    const sizes = [works.few, works.many].map((count) => `${(count * 10).toLocaleString('en-US')} events`);
    return {
      name: 'works at scale',
      rows: [
        ...compared('a command, one at a time', few.appendMs, many.appendMs, sizes),
        ...compared('first page of works', few.pageMs, many.pageMs, sizes),
      ],
      notes: [
        `One real city: ${works.few.toLocaleString('en-US')} works and then ${works.many.toLocaleString('en-US')}, ten events each, sent through the bulk door and folded by both services; measured when both are fresh. Medians of ${runs} rounds of ${ASKED_A_ROUND} requests, one at a time.`,
        'A command is a request of one line to the bulk door that registers a new work; the first page is 25 works in their default order through the gateway, without totalCount, which counts all of them.',
      ],
    };
  } finally {
    await close();
  }
}
