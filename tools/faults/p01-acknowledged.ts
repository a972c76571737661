import { setTimeout as pause } from 'node:timers/promises';
import { type OfficeLoad, startLoad } from './city/office-load.ts';
import { openTrialCity, strike, type Target, type TrialCity } from './city/trial-city.ts';
import { loseAcknowledged } from './naive/acknowledge-first.ts';
import { oneOf } from './random.ts';
import type { Trial, TrialContext } from './trial.ts';

/** Enough faults and commands for the figure, and how long they may take; a client asks for all its works at once. */
const VOLUMES = {
  full: { kills: 50, acknowledged: 10_000, worksPerClient: 80, withinMs: 300_000, everyMs: 2_000 },
  smoke: { kills: 3, acknowledged: 200, worksPerClient: 6, withinMs: 40_000, everyMs: 2_000 },
};
const READY_MS = 60_000;
const ANSWER_MS = 60_000;
const CATCH_UP_MS = 60_000;

/** Services most often: a killed PostgreSQL stops both for a while. */
const TARGETS: readonly Target[] = ['projects', 'projects', 'costs', 'costs', 'gateway', 'postgres'];

const volumeOf = ({ full }: TrialContext) => VOLUMES[full ? 'full' : 'smoke'];

/** Kills something that runs, every two seconds, until there was enough of everything. Answers the number of kills. */
async function killAbout(context: TrialContext, city: TrialCity, load: OfficeLoad): Promise<number> {
  const { kills: wanted, acknowledged, withinMs, everyMs } = volumeOf(context);
  const targets: readonly Target[] = context.bus === 'kafka' ? [...TARGETS, 'kafka'] : TARGETS;
  let kills = 0;
  const end = Date.now() + withinMs;
  while ((kills < wanted || load.acknowledged.length < acknowledged) && Date.now() < end) {
    await pause(everyMs);
    const target = oneOf(context.random, targets);
    // SIGQUIT is PostgreSQL's immediate shutdown: it writes nothing down and leaves no child behind.
    const signal = target === 'postgres' ? 'SIGQUIT' : 'SIGKILL';
    if (await strike(context, city, target, signal)) kills += 1;
  }
  return kills;
}

async function run(context: TrialContext) {
  const city = await openTrialCity(context);
  const load = await startLoad(context, city, { worksPerClient: volumeOf(context).worksPerClient });
  const kills = await killAbout(context, city, load);
  await city.untilReady(READY_MS);
  await load.finish(ANSWER_MS);
  const wrong = await load.check(CATCH_UP_MS);
  const { acknowledged } = load;
  const repeated = acknowledged.filter(({ tries }) => tries > 1).length;
  await city.close();
  const control = await loseAcknowledged(context);
  return {
    figures: { acknowledged: acknowledged.length, 'asked again': repeated, kills, wrong: wrong.length },
    violations: [...load.wrong, ...wrong],
    control,
  };
}

export const p1: Trial = {
  id: 'P1',
  says: 'an acknowledged command is never lost, and the read models are right',
  bus: true,
  slow: true,
  run,
};
