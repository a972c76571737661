import { readFile } from 'node:fs/promises';
import { alive } from '@tongchou/embedded-postgres';
import { readArguments } from '../state/arguments.ts';
import { type Door, doorOf, instanceDoors, type ServiceDoor, TOKEN, TOKEN_HELP } from '../state/door.ts';
import { Problem, reasonOf } from '../state/problem.ts';
import { type Instance, instanceName, instancesOf, readRun, type RunFile, SERVICES } from '../state/run-file.ts';
import { type ServiceStatus, statusOf } from '../state/service-status.ts';
import type { StateFolder } from '../state/state-folder.ts';
import { type Phase, runningSupervisor } from '../state/supervisor-file.ts';

const HELP = `
npm run status [-- --json]

Who runs where, with which process and how much memory; of several instances of a service which one leads (relay: publishes,
runner: folds read models, policies: reacts) and which partitions each receives; how fresh each service's answers are.
Exit code: 0 all runs and is ready, 1 something does not.

${TOKEN_HELP('auditor')}`;

interface Line {
  readonly app: string;
  readonly url: string;
  readonly pid: number;
  /** Proportional share of memory in MB, where the system tells it. */
  readonly memoryMb: number | null;
  /** What this instance does for all of its service: `relay`, `runner`, `policies`. */
  readonly leads: readonly string[];
  /** Which partitions of which topic it receives. */
  readonly receives: string;
  readonly state: string;
  readonly fresh: string;
  readonly well: boolean;
}

async function memoryOf(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(text)?.[1];
  return kilobytes === undefined ? null : Math.round(Number(kilobytes) / 1024);
}

const NOTHING_MORE = { leads: [], receives: '', fresh: '' };

const freshness = ({ freshness: sources }: ServiceStatus): string =>
  sources
    .map(({ source, lagMs }) => `${source} ${lagMs === null ? 'unknown' : `${(lagMs / 1000).toFixed(1)} s`}`)
    .join(', ');

const leads = ({ relay, runner, policies }: ServiceStatus): string[] =>
  Object.entries({ relay, runner, policies }).flatMap(([name, part]) => (part?.leading ? [name] : []));

/** `costs 0-5 7`: topics by their service, runs of partitions joined. */
function receives({ receiver }: ServiceStatus): string {
  const topics = Object.groupBy(receiver?.assigned ?? [], ({ topic }) => topic.split('.')[0] ?? topic);
  return Object.entries(topics)
    .map(([topic, assigned = []]) => `${topic} ${runsOf(assigned.map(({ partition }) => partition)).join(' ')}`)
    .join(', ');
}

function runsOf(numbers: readonly number[]): string[] {
  const runs: { from: number; to: number }[] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last?.to === number - 1) last.to = number;
    else runs.push({ from: number, to: number });
  }
  return runs.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`));
}

async function serviceLine(app: string, { url, pid }: Instance, door: ServiceDoor): Promise<Line> {
  const known = { app, url, pid, memoryMb: await memoryOf(pid) };
  try {
    const status = await statusOf(door);
    const well = status.unready.length === 0;
    const state = well ? 'ready' : status.unready.join('; ');
    return { ...known, leads: leads(status), receives: receives(status), state, fresh: freshness(status), well };
  } catch (error) {
    // What everybody may know of it is all that is left when the gateway is away.
    const { state } = await readyLine(app, { url, pid });
    const why = error instanceof Problem ? `${error.message} ${error.remedy}` : reasonOf(error);
    return { ...known, ...NOTHING_MORE, state: state === 'ready' ? `${UNASKED}: ${why}` : state, well: false };
  }
}

/** It answers probes, and nothing could be asked. */
const UNASKED = 'ready, but not asked';

/** By what everybody may know: whether it is ready. */
async function readyLine(app: string, { url, pid }: Instance): Promise<Line> {
  const state = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(3_000) }).then(
    async (reply) => (reply.ok ? 'ready' : (await reply.text()).slice(0, 300)),
    (error: unknown) => (alive(pid) ? reasonOf(error) : 'not running'),
  );
  return { app, url, pid, memoryMb: await memoryOf(pid), ...NOTHING_MORE, state, well: state === 'ready' };
}

/** What the city stands on: looked at by process, its doctor asks more. */
async function groundLine(app: string, { url, pid }: Instance): Promise<Line> {
  const well = alive(pid);
  const { protocol, host } = new URL(url);
  const state = well ? 'runs' : 'not running';
  return { app, url: `${protocol}//${host}`, pid, memoryMb: await memoryOf(pid), ...NOTHING_MORE, state, well };
}

/** Without a gateway nobody can be asked; each then says why. */
function doorIn(city: StateFolder, run: RunFile, token: string | undefined): Door {
  if (instancesOf(run, 'gateway').length > 0) return doorOf(city, run, 'auditor', token);
  return { gateway: '', authorization: () => Promise.reject(new Error('the gateway does not run')) };
}

async function linesOf(run: RunFile, door: Door): Promise<Line[]> {
  const gateways = instancesOf(run, 'gateway').map((one, at) => readyLine(instanceName('gateway', at + 1), one));
  const services = SERVICES.flatMap((service) => {
    const doors = instanceDoors(door, run, service);
    return instancesOf(run, service).map((one, at) =>
      serviceLine(instanceName(service, at + 1), one, doors[at] ?? { ...door, service }),
    );
  });
  const nodes = run.kafka ?? [];
  const { issuer } = run;
  return Promise.all([
    ...gateways,
    ...services,
    ...(issuer?.pid === undefined ? [] : [readyLine('issuer', { url: issuer.url, pid: issuer.pid })]),
    ...(run.postgres ? [groundLine('postgres', run.postgres)] : []),
    ...nodes.map((node, at) => groundLine(nodes.length === 1 ? 'kafka' : `kafka-${at + 1}`, node)),
  ]);
}

const COLUMNS = ['app', 'where', 'pid', 'memory', 'state', 'leads', 'receives', 'behind'];
const GAP = 2;

const cellsOf = (line: Line): string[] => [
  line.app,
  line.url,
  String(line.pid),
  line.memoryMb === null ? '?' : `${line.memoryMb} MB`,
  line.well ? line.state : line.state.startsWith(UNASKED) ? 'NOT ASKED' : 'NOT READY',
  line.leads.join(' '),
  line.receives,
  line.fresh,
];

function print(lines: readonly Line[], stopped: readonly string[], phase: Phase | undefined): void {
  const rows = [COLUMNS, ...lines.map(cellsOf)];
  const widths = COLUMNS.map((_, at) => GAP + Math.max(...rows.map((cells) => cells[at]?.length ?? 0)));
  for (const cells of rows)
    console.log(
      cells
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('')
        .trimEnd(),
    );
  for (const { app, state, well } of lines) if (!well) console.log(`${app}: ${state}`);
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
  const { values, city } = readArguments(args, HELP, { json: { type: 'boolean' }, ...TOKEN });
  const found = await readRun(city);
  const phase = (await runningSupervisor(city))?.phase;
  if (!found) return notRunning(city, phase, values.json ?? false);
  const apps = await linesOf(found, doorIn(city, found, values.token));
  const stopped = SERVICES.filter((service) => instancesOf(found, service).length === 0);
  if (values.json) console.log(JSON.stringify({ phase: phase ?? 'unsupervised', apps, stopped }, null, 2));
  else print(apps, stopped, phase);
  return apps.every(({ well }) => well) && stopped.length === 0 && phase !== undefined ? 0 : 1;
}
