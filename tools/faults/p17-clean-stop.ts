import { setTimeout as pause } from 'node:timers/promises';
import { untilGone } from '../state/processes.ts';
import { checkStops, EXIT_WITHIN_MS, type Stop } from './check-stop.ts';
import { type OfficeLoad, startLoad } from './city/office-load.ts';
import { askGraph, keepAsking } from './city/questions.ts';
import { openTrialCity, type TrialCity } from './city/trial-city.ts';
import { askOneInstance } from './naive/one-instance.ts';
import type { Trial, TrialContext } from './trial.ts';

const VOLUMES = { full: { restarts: 20, kills: 4 }, smoke: { restarts: 2, kills: 2 } };
/** All through the gateway, at a pace that leaves room for those that start. */
const LOAD = { clients: 4, worksPerClient: 2, gatewayOnly: true, pauseMs: 30 };
const READY_MS = 60_000;
const CALM_MS = 1_000;
/** A machine that is too busy to answer now is too busy to tell what ending a service does. */
const BEFORE_MS = 3_000;
const ANSWER_MS = 30_000;
const CATCH_UP_MS = 30_000;
const QUERY = '{ works(first: 5) { nodes { project { id name costSheet { currentBudget } } } } }';
const SERVICES = ['projects', 'costs'] as const;

/** Requests through the gateway that failed, by reason, since the last look. */
class Failures {
  readonly #note: (reason: string) => void;
  #seen = new Map<string, number>();

  constructor(note: (reason: string) => void) {
    this.#note = note;
  }

  readonly add = (reason: string): void => {
    this.#note(reason);
    this.#seen.set(reason, (this.#seen.get(reason) ?? 0) + 1);
  };

  take(): ReadonlyMap<string, number> {
    const seen = this.#seen;
    this.#seen = new Map();
    return seen;
  }
}

/** Ends one instance after the other, each once all are ready again. */
async function endInTurn(
  context: TrialContext,
  city: TrialCity,
  signal: 'SIGTERM' | 'SIGKILL',
  times: number,
): Promise<Stop[]> {
  const stops: Stop[] = [];
  for (let turn = 0; turn < times; turn += 1) {
    const app = SERVICES[turn % SERVICES.length] ?? 'projects';
    const found = await city.running(app);
    const mark = found[Math.floor(turn / SERVICES.length) % Math.max(1, found.length)];
    if (!mark) throw new Error(`No instance of ${app} runs`);
    const began = performance.now();
    process.kill(mark.pid, signal);
    context.count(`${signal} ${app}`);
    await untilGone(mark, EXIT_WITHIN_MS + 5_000);
    const stop = { app, exitMs: Math.round(performance.now() - began) };
    context.note({ ...stop, signal });
    stops.push(stop);
    await pause(CALM_MS);
    await city.untilReady(READY_MS);
  }
  return stops;
}

interface Loaded {
  readonly load: OfficeLoad;
  readonly failures: Failures;
  readonly asked: () => number;
  /** Commands that a service gave back undecided, to be sent again: it had not accepted them. */
  readonly again: () => number;
  readonly stopAsking: () => Promise<void>;
}

/** Commands and questions, all through the gateway. */
async function loadGateway(context: TrialContext, city: TrialCity): Promise<Loaded> {
  const failures = new Failures((reason) => context.note({ failed: reason }));
  let again = 0;
  const load = await startLoad(context, city, { ...LOAD, failed: failures.add, askedAgain: () => (again += 1) });
  const enough = new AbortController();
  let asked = 0;
  const asking = keepAsking(
    () => askGraph(city.graph(), QUERY),
    ({ errors }) => {
      asked += 1;
      for (const { code, message } of errors) failures.add(`question: ${code ?? ''} ${message}`);
    },
    enough.signal,
  );
  const stopAsking = async (): Promise<void> => {
    enough.abort();
    await asking;
  };
  context.atEnd(stopAsking);
  return { load, failures, asked: () => asked, again: () => again, stopAsking };
}

/** The gateway sends again what a killed instance has not answered; whoever does without it loses requests. */
async function killInstead(context: TrialContext, city: TrialCity, kills: number): Promise<string[]> {
  const failures = new Failures((reason) => context.note({ naive: reason }));
  const enough = new AbortController();
  const urls = SERVICES.flatMap((service) => city.urls(service));
  const asking = Promise.all(urls.map((url) => askOneInstance(url, failures.add, enough.signal)));
  const killed = await endInTurn(context, city, 'SIGKILL', kills);
  enough.abort();
  await asking;
  return checkStops(killed, failures.take());
}

async function run(context: TrialContext) {
  const { restarts, kills } = VOLUMES[context.full ? 'full' : 'smoke'];
  const city = await openTrialCity(context, { instances: 'projects=2,costs=2' });
  const { load, failures, asked, again, stopAsking } = await loadGateway(context, city);
  await pause(BEFORE_MS);
  const before = [...failures.take()].map(([reason, times]) => `${times} times before anything was ended: ${reason}`);
  const stops = await endInTurn(context, city, 'SIGTERM', restarts);
  const commands = load.acknowledged.length;
  const [questions, givenBack] = [asked(), again()];
  const failed = failures.take();
  const control = await killInstead(context, city, kills);
  const overKills = failures.take().size;
  await stopAsking();
  await load.finish(ANSWER_MS);
  const wrong = [...load.wrong, ...(await load.check(CATCH_UP_MS))];
  const slowest = Math.max(...stops.map(({ exitMs }) => exitMs));
  return {
    figures: {
      restarts,
      commands,
      questions,
      'given back': givenBack,
      failed: failed.size,
      'slowest exit ms': slowest,
      'failed while killed instead': overKills,
    },
    violations: [...checkStops(stops, failed), ...before, ...wrong],
    control: { what: 'instances killed, and clients that ask them without the gateway', violations: control },
  };
}

export const p17: Trial = {
  id: 'P17',
  says: 'a service that is told to end loses no request and is gone within 20 s',
  bus: true,
  slow: true,
  smokeBus: 'kafka',
  run,
};
