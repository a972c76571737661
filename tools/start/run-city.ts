import { rm } from 'node:fs/promises';
import { buildAll, describeBuilt } from '../build/build.ts';
import { readIssuerFiles } from '../issuer/issuer-files.ts';
import { type Door, doorOf } from '../state/door.ts';
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
import type { IssuerChoice } from './issuer-choice.ts';
import { settlePlace } from './postgres-process.ts';
import { busLine, firstFigure, linksOf } from './welcome.ts';

export interface CityOptions {
  readonly city: StateFolder;
  readonly demo: boolean;
  readonly portBase: number;
  readonly instances: Instances;
  readonly bus: BusChoice;
  readonly issuer: IssuerChoice;
  /** Who imports the demo and asks for the first figure, where a provider of the office's own issues tokens. */
  readonly token: string | undefined;
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
  const { city: state, demo, portBase, instances, bus, issuer } = options;
  const kept = await readSettings(state);
  const settings = settle(kept, process.env, demo ? DEMO : undefined);
  await checkGiven(await givenDatabases(process.env, neededDatabases(bus)));
  await checkBus(bus, say);
  say(`built: ${describeBuilt(await buildAll())}`);
  const postgres = await settlePlace(state);
  const city = new City({ state, settings, portBase, instances, bus, issuer, postgres, say });
  return { city, keep: async () => (kept ? undefined : keepSettings(state, settings)) };
}

/** A provider of the office's own gives this start no token by itself. */
const mayAsk = ({ issuer, token }: CityOptions): boolean => issuer.kind === 'demo' || token !== undefined;

/** The first figure of the city; a city that cannot answer it at this moment goes on running. */
async function sayFigure(door: Door, currency: string): Promise<void> {
  const figures = await firstFigure(door, currency).catch((error: unknown) => [
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
  const door = mayAsk(options) ? doorOf(options.city, city.describe(), 'integrator', options.token) : undefined;
  const demo = door && { state: options.city, door, token: options.token, told, say };
  if (options.demo && demo) await bringDemo(demo, () => city.enter('loading'));
  told.throwIfAborted();
  await city.enter('ready');
  const run = city.describe();
  const settings = settle(await readSettings(options.city), process.env, undefined);
  const secret = options.issuer.kind === 'demo' ? (await readIssuerFiles(options.city))?.secret : undefined;
  console.log(`\nTongchou runs.\n\n${linksOf(options.city, run, settings, secret).join('\n')}\n`);
  if (door) await sayFigure(door, settings.currency);
  else
    console.log(
      `  Without a token this start loads no demo and asks nothing: npm start -- --token TOKEN, or npm run import.\n`,
    );
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
