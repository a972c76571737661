import { setTimeout as pause } from 'node:timers/promises';
import { untilGone } from '../state/processes.ts';
import {
  AFTER_POSTGRES_MS,
  checkUnblocked,
  checkWithin,
  doneAfter,
  TAKEOVER_MS,
  type Tried,
} from './check-recovery.ts';
import { type Probe, startProbe } from './city/probe.ts';
import { type RecoveryStand, openRecoveryStand } from './city/recovery-stand.ts';
import { strike } from './city/trial-city.ts';
import { publishFirst } from './naive/publish-first.ts';
import type { Trial, TrialContext } from './trial.ts';

const FREEZE_MS = { full: 60_000, smoke: 8_000 };
/** Longer than a session and what may follow it. */
const CONSUMER_FROZEN_MS = 25_000;
const CALM_MS = 2_000;
const READY_MS = 60_000;
const HEARD_MS = 60_000;

interface Scene extends RecoveryStand {
  readonly context: TrialContext;
  readonly probe: Probe;
}

interface Found {
  readonly figures: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
}

/** The longest that a fact of this time was under way to the other service. */
async function takeover({ hearing }: Scene, what: string, since: Date): Promise<Found> {
  const ms = await hearing.slowestSince(since, HEARD_MS);
  return { figures: { [`${what} ms`]: ms ?? -1 }, violations: checkWithin(what, ms, TAKEOVER_MS) };
}

async function killConsumer(scene: Scene): Promise<Found> {
  const since = new Date();
  await strike(scene.context, scene.city, 'costs', 'SIGKILL');
  await pause(CALM_MS);
  return takeover(scene, 'takeover after a kill', since);
}

async function freezeConsumer(scene: Scene): Promise<Found> {
  const since = new Date();
  const mark = await strike(scene.context, scene.city, 'costs', 'SIGSTOP');
  if (!mark) throw new Error('No instance of costs runs');
  scene.context.atEnd(async () => process.kill(mark.pid, 'SIGCONT'));
  await pause(CONSUMER_FROZEN_MS);
  const found = await takeover(scene, 'takeover from a frozen one', since);
  process.kill(mark.pid, 'SIGCONT');
  return found;
}

/** From the moment at which PostgreSQL answers again to the first command done. */
async function restartPostgres({ context, city, probe, untilPostgresAnswers }: Scene): Promise<Found> {
  const killed = await strike(context, city, 'postgres', 'SIGQUIT');
  if (killed) await untilGone(killed, AFTER_POSTGRES_MS);
  await untilPostgresAnswers();
  const back = Date.now();
  while (Date.now() - back < 2 * AFTER_POSTGRES_MS && doneAfter(back, probe.tried) === undefined) await pause(50);
  const ms = doneAfter(back, probe.tried);
  const what = 'first command after PostgreSQL';
  return { figures: { [`${what} ms`]: ms ?? -1 }, violations: checkWithin(what, ms, AFTER_POSTGRES_MS) };
}

type Window = readonly [from: number, to: number];
const within = (tried: readonly Tried[], [from, to]: Window): Tried[] =>
  tried.filter(({ at }) => at >= from && at <= to);

async function restartBroker({ restartBroker: restart }: Scene): Promise<Window> {
  const from = Date.now();
  await restart();
  return [from, Date.now()];
}

/** The broker stands still; beside the city, the naive service tries to work too. */
async function freezeBroker(scene: Scene, forMs: number): Promise<{ window: Window; naive: Tried[] }> {
  const { context, broker } = scene;
  const enough = new AbortController();
  const naive = await publishFirst(context.bus, broker, enough.signal);
  context.atEnd(async () => enough.abort());
  const from = Date.now();
  const thaw = await scene.freezeBroker();
  await pause(forMs);
  const window: Window = [from, Date.now()];
  await thaw();
  enough.abort();
  return { window, naive: within(await naive(), window) };
}

async function run(context: TrialContext) {
  const stand = await openRecoveryStand(context);
  const probe = startProbe(context, stand.city);
  const scene: Scene = { ...stand, context, probe };
  await pause(CALM_MS);
  const found = [await killConsumer(scene)];
  if (context.full) found.push(await freezeConsumer(scene));
  await stand.city.untilReady(READY_MS);
  found.push(await restartPostgres(scene));
  await stand.city.untilReady(READY_MS);
  const restarted = await restartBroker(scene);
  const frozen = await freezeBroker(scene, FREEZE_MS[context.full ? 'full' : 'smoke']);
  await probe.stop();
  const during = within(probe.tried, frozen.window);
  const missing = await stand.hearing.missingAfter(HEARD_MS);
  return {
    figures: {
      ...Object.assign({}, ...found.map(({ figures }) => figures)),
      'commands while the broker was frozen': during.filter(({ done }) => done).length,
      'slowest of them ms': Math.max(0, ...during.map(({ ms }) => ms)),
      'facts not received at the end': missing,
    },
    violations: [
      ...found.flatMap(({ violations }) => violations),
      ...checkUnblocked('broker restarted', within(probe.tried, restarted)),
      ...checkUnblocked('broker frozen', during),
      ...(missing > 0 ? [`${missing} facts were not received within ${HEARD_MS} ms`] : []),
    ],
    control: {
      what: 'a service that answers when the bus has the fact',
      violations: checkUnblocked('broker frozen', frozen.naive),
    },
  };
}

export const p16: Trial = {
  id: 'P16',
  says: 'what dies or freezes is replaced in time, and a broker that stands still blocks no command',
  bus: true,
  slow: true,
  run,
};
