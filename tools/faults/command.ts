import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readArguments } from '../state/arguments.ts';
import { Problem } from '../state/problem.ts';
import { ROOT } from '../state/state-folder.ts';
import { openHistory } from './history.ts';
import { promisesFile } from './report.ts';
import { runTurn, type Stage, type Turn, type TurnResult } from './run-trial.ts';
import { openServers } from './servers.ts';
import { onScreen, summary } from './table.ts';
import type { BusKind, Trial } from './trial.ts';
import { TRIALS } from './trials.ts';
import { turnsOf } from './turns.ts';

const FILE = path.join(ROOT, 'docs', 'promises.md');

const HELP = `
npm run faults [-- OPTIONS]

Tries the promises of the house by killing, freezing and cutting what it has started itself; whatever else runs on this
machine is left alone. Without options: the smoke set, three fixed seeds, both buses where Kafka can be run (Java and Maven).

  --only P1,P3    these promises
  --seed N        with this seed alone
  --bus BUS       postgres or kafka
  --full          the volumes that the promises name, with one seed: about 25 minutes a bus
  --report        write the table into docs/promises.md; rows of promises that were not run stay
  --state DIR     where the history file goes (default: a temporary folder, which is printed)

Exit code: 0 every promise held and every control was found out; 1 one did not, or the bus asked for is not here.`;

const BUSES: readonly BusKind[] = ['postgres', 'kafka'];

function chosenTrials(only: string | undefined): readonly Trial[] {
  if (only === undefined) return TRIALS;
  const ids = only.split(',').map((id) => id.trim().toUpperCase());
  const unknown = ids.find((id) => !TRIALS.some((trial) => trial.id === id));
  if (unknown === undefined) return TRIALS.filter((trial) => ids.includes(trial.id));
  throw new Problem(`There is no trial "${unknown}".`, `There are: ${TRIALS.map(({ id }) => id).join(', ')}.`);
}

function chosenBuses(bus: string | undefined): readonly BusKind[] {
  if (bus === undefined) return BUSES;
  const found = BUSES.find((one) => one === bus);
  if (found) return [found];
  throw new Problem(`There is no bus "${bus}".`, `There are: ${BUSES.join(', ')}.`);
}

function chosenSeed(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seed = Number(text);
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new Problem(`--seed ${text} is no seed.`, 'Give a whole number, for example 7.');
}

/** Aborted by Ctrl-C or a polite end; a second one changes nothing: what was started is being ended. */
function untilToldToStop(): AbortSignal {
  const told = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => told.abort());
  return told.signal;
}

async function runAll(turns: readonly Turn[], stage: Stage): Promise<TurnResult[]> {
  const results: TurnResult[] = [];
  for (const turn of turns) {
    if (stage.told.aborted) break;
    const result = await runTurn(turn, stage);
    const { trial, bus, seed, ...rest } = result;
    stage.history.write({ ends: trial.id, bus, seed, ...rest });
    console.log(onScreen(result));
    results.push(result);
  }
  return results;
}

async function historyFolder(state: string | undefined, city: string): Promise<string> {
  if (state === undefined) return mkdtemp(path.join(tmpdir(), 'tongchou-faults-history-'));
  const folder = path.join(city, 'faults');
  await mkdir(folder, { recursive: true });
  return folder;
}

async function renewReport(results: readonly TurnResult[], full: boolean): Promise<void> {
  const former = await readFile(FILE, 'utf8').catch(() => '');
  await writeFile(FILE, promisesFile(results, { full, date: new Date().toISOString().slice(0, 10) }, former));
  console.log(`written: ${path.relative(ROOT, FILE)}`);
}

/** Whether everything that was asked for was shown. What this machine lacks counts only when a person asked for it. */
function isGood(results: readonly TurnResult[], turns: number, asked: boolean): boolean {
  if (results.length < turns) return false;
  return results.every(({ verdict }) => verdict === 'held' || (verdict === 'not run here' && !asked));
}

export async function run(args: readonly string[]): Promise<number> {
  const { values, city } = readArguments(args, HELP, {
    only: { type: 'string' },
    seed: { type: 'string' },
    bus: { type: 'string' },
    full: { type: 'boolean' },
    report: { type: 'boolean' },
  });
  const full = values.full === true;
  const seed = chosenSeed(values.seed);
  const wish = { buses: chosenBuses(values.bus), full, ...(seed !== undefined && { seed }) };
  const turns = turnsOf(chosenTrials(values.only), wish);
  const folder = await historyFolder(values.state, city.path);
  const history = openHistory(path.join(folder, `${new Date().toISOString().replaceAll(':', '-')}.ndjson`));
  console.log(`history: ${history.file}`);
  const say = (line: string): void => console.error(line);
  const servers = await openServers(full ? 3 : 1, say);
  const stage = { full, folder: path.join(servers.folder, 'trials'), history, servers, say, told: untilToldToStop() };
  try {
    const results = await runAll(turns, stage);
    console.log(`\n${summary(results)}\n\nhistory: ${history.file}`);
    if (values.report) await renewReport(results, full);
    return isGood(results, turns.length, values.bus !== undefined) ? 0 : 1;
  } finally {
    await servers.close();
    await history.close();
  }
}
