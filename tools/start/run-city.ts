import { rm } from 'node:fs/promises';
import { buildAll, describeBuilt } from '../build/build.ts';
import { reasonOf } from '../state/problem.ts';
import { addressOf, readRun } from '../state/run-file.ts';
import { keepSettings, readSettings, settle } from '../state/settings.ts';
import type { StateFolder } from '../state/state-folder.ts';
import { claimCity, endLeftovers, type SupervisorFile } from '../state/supervisor-file.ts';
import { type BusChoice, checkBus } from './bus-choice.ts';
import { City } from './city.ts';
import { checkGiven, givenDatabases, neededDatabases } from './databases.ts';
import { bringDemo, DEMO } from './demo.ts';
import { countsOf, type Instances } from './instances.ts';
import { settlePlace } from './postgres-process.ts';
import { busLine, firstFigure, linksOf } from './welcome.ts';

export interface CityOptions {
  readonly city: StateFolder;
  readonly demo: boolean;
  readonly portBase: number;
  readonly instances: Instances;
  readonly bus: BusChoice;
}

/** Lines with the seconds since the start before them. */
function clock(): (line: string) => void {
  const began = performance.now();
  return (line) => console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`);
}

/** Aborted by Ctrl-C, a polite end, or a closed terminal. More of the same change nothing: stopping takes seconds. */
function untilToldToStop(): AbortSignal {
  const told = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => told.abort(signal));
  // A terminal that went away must not take the city down half stopped.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return told.signal;
}

const whenAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

async function alreadyRuns(city: StateFolder, running: SupervisorFile): Promise<number> {
  const gateway = addressOf((await readRun(city)) ?? {}, 'gateway');
  const where = gateway ? `its explorer is ${gateway}/graphiql` : `it is still ${running.phase}`;
  console.log(`This city runs already (pid ${running.supervisor.pid}, state ${city.shown}): ${where}.`);
  console.log('Stop it: npm run stop. A second city beside it: npm start -- --state DIR.');
  return 0;
}

interface Prepared {
  readonly city: City;
  /** Keeps what the first start settles on; a day given later holds for that start alone. */
  readonly keep: () => Promise<void>;
}

async function prepare(options: CityOptions, say: (line: string) => void): Promise<Prepared> {
  const { city: state, demo, portBase, instances, bus } = options;
  const kept = await readSettings(state);
  const settings = settle(kept, process.env, demo ? DEMO : undefined);
  await checkGiven(await givenDatabases(process.env, neededDatabases(bus)));
  await checkBus(bus, say);
  say(`built: ${describeBuilt(await buildAll())}`);
  const city = new City({ state, settings, portBase, instances, bus, postgres: await settlePlace(state), say });
  return { city, keep: async () => (kept ? undefined : keepSettings(state, settings)) };
}

/** The first figure of the city; a city that cannot answer it at this moment goes on running. */
async function sayFigure(gateway: string, currency: string): Promise<void> {
  const figures = await firstFigure(gateway, currency).catch((error: unknown) => [
    `The first figure did not come: ${reasonOf(error)} npm run doctor looks for the cause.`,
  ]);
  console.log(`${figures.map((line) => `  ${line}`).join('\n')}\n`);
}

async function bringUp(
  options: CityOptions,
  { city, keep }: Prepared,
  told: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  await city.openStores(process.env);
  told.throwIfAborted();
  await keep();
  say(`databases answer; ${busLine(options.bus, city.describe())}`);
  await city.startApps();
  told.throwIfAborted();
  say(`${countsOf(options.instances)} are ready`);
  const demo = { state: options.city, gateway: addressOf(city.describe(), 'gateway') ?? '', told, say };
  if (options.demo) await bringDemo(demo, () => city.enter('loading'));
  told.throwIfAborted();
  await city.enter('ready');
  const run = city.describe();
  const settings = settle(await readSettings(options.city), process.env, undefined);
  console.log(`\nTongchou runs.\n\n${linksOf(options.city, run, settings).join('\n')}\n`);
  await sayFigure(addressOf(run, 'gateway') ?? '', settings.currency);
  say('ready. Ctrl-C stops all in order.');
}

async function takeDown(city: City, say: (line: string) => void): Promise<void> {
  console.log('');
  say('stopping: gateway, services, and what they stand on');
  await city.goDown();
  say('stopped.');
}

async function keepUp(options: CityOptions, told: AbortSignal, say: (line: string) => void): Promise<number> {
  let prepared: Prepared | undefined;
  try {
    prepared = await prepare(options, say);
    const up = bringUp(options, prepared, told, say).then(() => whenAborted(told));
    // Told to stop half way, what is being brought up is taken down at once; its own complaints no longer matter.
    up.catch(() => undefined);
    await Promise.race([up, whenAborted(told)]);
    return 0;
  } finally {
    if (prepared) await takeDown(prepared.city, say);
    else await rm(options.city.supervisorFile, { force: true });
  }
}

/** Starts the city and keeps it until it is told to stop. Answers the exit code. */
export async function runCity(options: CityOptions): Promise<number> {
  const claimed = await claimCity(options.city);
  if (claimed.running) return alreadyRuns(options.city, claimed.running);
  const say = clock();
  const told = untilToldToStop();
  const ended = await endLeftovers(claimed.left);
  if (ended.length > 0) say(`ended what a killed run had left: ${ended.join(', ')}`);
  return keepUp(options, told, say);
}
