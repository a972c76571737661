import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { instancesOf, type RunFile } from '../state/run-file.ts';
import { type BenchCity, openBenchCity } from './bench-city.ts';
import { CLIENTS, COMMANDS_A_RUN, LINES_A_REQUEST, PERIODS, sendBulk, WORKS_A_RUN } from './bulk-load.ts';
import { settled } from './settled.ts';
import { type BenchRow, type BenchTable, median, spreadOf } from './table.ts';

const RUNS = 5;
const MEMORY_AFTER_MS = 60_000;
const FIRST_FIGURE_BAR_S = 60;
const BULK_BAR = 3_000;
const MEMORY_BAR_MB = 200;

async function bulk({ bulkDoors: [door] }: BenchCity, runs: number): Promise<BenchRow[]> {
  if (!door) throw new Error('projects does not run');
  const perSecond: number[] = [];
  for (let run = 0; run < runs; run += 1) perSecond.push(await sendBulk([door], run));
  const value = Math.round(median(perSecond));
  const bar = { bar: `>= ${BULK_BAR}`, met: value >= BULK_BAR };
  return [
    { figure: 'commands through the bulk door', value, unit: 'commands/s', spread: spreadOf(perSecond), ...bar },
    { figure: 'commands sent', value: runs * COMMANDS_A_RUN, unit: 'commands' },
  ];
}

async function settledAfter({ operators }: BenchCity): Promise<number> {
  const began = performance.now();
  await settled(operators);
  return performance.now() - began;
}

const freshAgain = (ms: number): BenchRow => ({
  figure: 'all read models fresh again after the last command',
  value: Number((ms / 1_000).toFixed(1)),
  unit: 's',
});

/** Memory of a process with its share of what it shares; only Linux tells it. */
async function pssMb(pid: number): Promise<number | undefined> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(rollup)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1_024;
}

async function memory(run: RunFile): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const app of ['gateway', 'projects', 'costs'] as const) {
    for (const { pid } of instancesOf(run, app)) {
      const pss = await pssMb(pid);
      if (pss === undefined) continue;
      const bar = { bar: `<= ${MEMORY_BAR_MB}`, met: pss <= MEMORY_BAR_MB };
      rows.push({ figure: `PSS of ${app} a minute after`, value: Math.round(pss), unit: 'MB', ...bar });
    }
  }
  return rows;
}

/** A real city, started with the demo: its first figure, its bulk door, its memory a minute after the last command. */
export async function benchCity({ runs = RUNS }: { readonly runs?: number } = {}): Promise<BenchTable> {
  const city = await openBenchCity();
  try {
    const seconds = Number((city.firstFigureMs / 1_000).toFixed(1));
    const bar = { bar: `<= ${FIRST_FIGURE_BAR_S}`, met: seconds <= FIRST_FIGURE_BAR_S };
    const start: BenchRow = { figure: 'npm start to the first figure, demo loaded', value: seconds, unit: 's', ...bar };
    const through = await bulk(city, runs);
    const freshAfterMs = await settledAfter(city);
    await pause(Math.max(0, MEMORY_AFTER_MS - freshAfterMs));
    return {
      name: 'city',
      rows: [start, ...through, freshAgain(freshAfterMs), ...(await memory(city.run))],
      notes: [
        'The start is one run: npm start in an empty state with a build that may be there already, to the printed figure; without npm ci.',
        `The bulk door: ${runs} runs of ${WORKS_A_RUN} new works, each registered and reported on ${PERIODS.length} times, by ${CLIENTS} clients with requests of ${LINES_A_REQUEST} lines straight to projects, each with a principal that the city's key signed; clients, gateway, both services, their read models, the relay, the bus and PostgreSQL share the machine, and each run starts while the read models still follow the last.`,
        'Fresh again: every service has folded all facts of both services that the commands made.',
        `Memory is the proportional set size, ${MEMORY_AFTER_MS / 1_000} s after the last command of the bulk runs.`,
      ],
    };
  } finally {
    await city.close();
  }
}
