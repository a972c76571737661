import { rm } from 'node:fs/promises';
import { buildAll, describeBuilt } from '../build/build.ts';
import { addressOf, readRun } from '../state/run-file.ts';
import { keepSettings, readSettings, type Settings, settle } from '../state/settings.ts';
import type { StateFolder } from '../state/state-folder.ts';
import { claimCity, endLeftovers, type SupervisorFile } from '../state/supervisor-file.ts';
import { APPS, City } from './city.ts';
import { checkGiven, givenDatabases } from './databases.ts';
import { bringDemo, DEMO } from './demo.ts';
import { settlePlace } from './postgres-process.ts';
import { firstFigure, linksOf } from './welcome.ts';

export interface CityOptions {
  readonly city: StateFolder;
  readonly demo: boolean;
  readonly portBase: number;
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

/** Settings of this start. What the first start settles on is kept; a day given later holds for that start. */
async function settingsOf({ city, demo }: CityOptions): Promise<Settings> {
  const kept = await readSettings(city);
  const settings = settle(kept, process.env, demo ? DEMO : undefined);
  if (!kept) await keepSettings(city, settings);
  return settings;
}

async function prepare(options: CityOptions, say: (line: string) => void): Promise<City> {
  const { city } = options;
  const settings = await settingsOf(options);
  await checkGiven(await givenDatabases(process.env));
  say(`built: ${describeBuilt(await buildAll())}`);
  return new City({ state: city, settings, portBase: options.portBase, postgres: await settlePlace(city), say });
}

async function bringUp(
  options: CityOptions,
  city: City,
  told: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  await city.openDatabases(process.env);
  told.throwIfAborted();
  say('databases answer');
  await city.startApps();
  told.throwIfAborted();
  say(`${APPS.join(', ')} are ready`);
  const demo = { state: options.city, gateway: addressOf(city.describe(), 'gateway') ?? '', told, say };
  if (options.demo) await bringDemo(demo, () => city.enter('loading'));
  told.throwIfAborted();
  await city.enter('ready');
  const run = city.describe();
  const settings = settle(await readSettings(options.city), process.env, undefined);
  console.log(`\nTongchou runs.\n\n${linksOf(options.city, run, settings).join('\n')}\n`);
  const figures = await firstFigure(addressOf(run, 'gateway') ?? '', settings.currency);
  console.log(`${figures.map((line) => `  ${line}`).join('\n')}\n`);
  say('ready. Ctrl-C stops all in order.');
}

async function keepUp(options: CityOptions, told: AbortSignal, say: (line: string) => void): Promise<number> {
  let city: City | undefined;
  try {
    city = await prepare(options, say);
    const up = bringUp(options, city, told, say).then(() => whenAborted(told));
    // Told to stop half way, what is being brought up is taken down at once; its own complaints no longer matter.
    up.catch(() => undefined);
    await Promise.race([up, whenAborted(told)]);
    return 0;
  } finally {
    console.log('');
    say('stopping: gateway, services, PostgreSQL');
    if (city) await city.goDown();
    else await rm(options.city.supervisorFile, { force: true });
    say('stopped.');
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
