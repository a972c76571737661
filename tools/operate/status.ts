import { readFile } from 'node:fs/promises';
import { alive } from '@tongchou/embedded-postgres';
import { readArguments } from '../state/arguments.ts';
import { reasonOf } from '../state/problem.ts';
import { instancesOf, readRun, type RunFile, SERVICES } from '../state/run-file.ts';
import { type ServiceStatus, statusOf } from '../state/service-status.ts';
import type { StateFolder } from '../state/state-folder.ts';
import { type Phase, runningSupervisor } from '../state/supervisor-file.ts';

const HELP = `
npm run status [-- --json]

Who runs where, with which process and how much memory, and how fresh each service's answers are.
Exit code: 0 all runs and is ready, 1 something does not.`;

interface Line {
  readonly app: string;
  readonly url: string;
  readonly pid: number;
  /** Proportional share of memory in MB, where the system tells it. */
  readonly memoryMb: number | null;
  readonly state: string;
  readonly fresh: string;
  readonly well: boolean;
}

async function memoryOf(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(text)?.[1];
  return kilobytes === undefined ? null : Math.round(Number(kilobytes) / 1024);
}

const freshness = ({ freshness: sources }: ServiceStatus): string =>
  sources
    .map(({ source, lagMs }) => `${source} ${lagMs === null ? 'unknown' : `${(lagMs / 1000).toFixed(1)} s`}`)
    .join(', ');

async function serviceLine(app: string, { url, pid }: { url: string; pid: number }): Promise<Line> {
  const known = { app, url, pid, memoryMb: await memoryOf(pid) };
  try {
    const status = await statusOf(url);
    const well = status.unready.length === 0;
    return { ...known, state: well ? 'ready' : status.unready.join('; '), fresh: freshness(status), well };
  } catch (error) {
    return { ...known, state: alive(pid) ? reasonOf(error) : 'not running', fresh: '', well: false };
  }
}

async function gatewayLine({ url, pid }: { url: string; pid: number }): Promise<Line> {
  const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(3_000) }).then(
    async (reply) => (reply.ok ? 'ready' : (await reply.text()).slice(0, 300)),
    (error: unknown) => (alive(pid) ? reasonOf(error) : 'not running'),
  );
  return {
    app: 'gateway',
    url,
    pid,
    memoryMb: await memoryOf(pid),
    state: answer,
    fresh: '',
    well: answer === 'ready',
  };
}

async function postgresLine({ postgres }: RunFile): Promise<Line[]> {
  if (!postgres) return [];
  const { pid } = postgres;
  const well = alive(pid);
  const { host } = new URL(postgres.url);
  const state = well ? 'runs' : 'not running';
  return [{ app: 'postgres', url: `postgres://${host}`, pid, memoryMb: await memoryOf(pid), state, fresh: '', well }];
}

async function linesOf(run: RunFile): Promise<Line[]> {
  const lines = await Promise.all([
    ...instancesOf(run, 'gateway').map(gatewayLine),
    ...SERVICES.flatMap((app) => instancesOf(run, app).map((instance) => serviceLine(app, instance))),
  ]);
  return [...lines, ...(await postgresLine(run))];
}

const COLUMNS = [10, 28, 9, 9, 8] as const;

const row = (cells: readonly string[]): string => cells.map((cell, at) => cell.padEnd(COLUMNS[at] ?? 0)).join('');

function print(lines: readonly Line[], stopped: readonly string[], phase: Phase | undefined): void {
  console.log(row(['app', 'where', 'pid', 'memory', 'state', 'behind']));
  for (const { app, url, pid, memoryMb, state, fresh } of lines) {
    console.log(row([app, url, String(pid), memoryMb === null ? '?' : `${memoryMb} MB`, `${state} `, fresh]).trimEnd());
  }
  for (const service of stopped) console.log(`${service} is stopped: npm start -- --only ${service}`);
  if (phase === undefined) {
    console.log('Nobody keeps it running: its supervisor ended. npm start cleans up and starts anew.');
  }
}

function notRunning(city: StateFolder, phase: Phase | undefined, json: boolean): number {
  if (json) console.log(JSON.stringify({ phase: phase ?? 'stopped', apps: [] }));
  else console.log(`The city of ${city.shown} ${phase === undefined ? 'does not run: npm start' : `is ${phase}`}.`);
  return 1;
}

export async function run(args: readonly string[]): Promise<number> {
  const { values, city } = readArguments(args, HELP, { json: { type: 'boolean' } });
  const found = await readRun(city);
  const phase = (await runningSupervisor(city))?.phase;
  if (!found) return notRunning(city, phase, values.json ?? false);
  const apps = await linesOf(found);
  const stopped = SERVICES.filter((service) => instancesOf(found, service).length === 0);
  if (values.json) console.log(JSON.stringify({ phase: phase ?? 'unsupervised', apps, stopped }, null, 2));
  else print(apps, stopped, phase);
  return apps.every(({ well }) => well) && stopped.length === 0 && phase !== undefined ? 0 : 1;
}
