import { setTimeout as pause } from 'node:timers/promises';
import { topicOf } from '@tongchou/contracts';
import { PARTITIONS } from '@tongchou/messaging';
import type pg from 'pg';
import { type Death, judgeDeaths } from './check-deaths.ts';
import {
  busOf,
  freezeHandler,
  killSessions,
  openDatabase,
  poisonStreams,
  rebalanceForEver,
  type Relief,
} from './city/deaths.ts';
import { openTrialCity, strike, type TrialCity } from './city/trial-city.ts';
import { swallowingMember } from './naive/swallowing-member.ts';
import type { Trial, TrialContext } from './trial.ts';
import { watchDeath } from './watch-death.ts';

const READY_MS = 60_000;
const POISONED = 30;

interface Ward {
  readonly context: TrialContext;
  readonly city: TrialCity;
  readonly projects: pg.Pool;
  readonly costs: pg.Pool;
  readonly bus: pg.Pool | undefined;
}

const urlOf = ({ city }: Ward, app: 'projects' | 'costs'): string => city.urls(app)[0] ?? '';

/** What a statement answers, as one text. */
const placeIn = (pool: pg.Pool, from: string) => async (): Promise<string> =>
  JSON.stringify((await pool.query(`select * from ${from}`)).rows);

const nowhere = (): Promise<string> => Promise.resolve('');

/** The group is never at rest: on PostgreSQL the member's session ends, on Kafka a stranger comes and goes. */
function disturbGroup({ context, city, bus }: Ward): Relief {
  if (bus) return killSessions(context, bus, 'bus member of costs');
  const flowBus = busOf(context, city);
  const brokers = flowBus.kind === 'kafka' ? flowBus.brokers : [];
  return rebalanceForEver(context, brokers, 'costs', topicOf('projects'));
}

/** Four parts of two processes at once; each process names each of its own. */
async function crippled(ward: Ward): Promise<Death[]> {
  const { context, projects, costs } = ward;
  const reliefs: Relief[] = [await freezeHandler(context, projects, 'tongchou projects')];
  const stuck = watchDeath({
    fault: 'a stuck handler',
    url: urlOf(ward, 'projects'),
    reason: /^receiving/,
    place: nowhere,
  });
  reliefs.push(
    killSessions(context, projects, 'projects runner leader'),
    killSessions(context, costs, 'costs relay leader'),
    disturbGroup(ward),
  );
  const deaths = await Promise.all([
    stuck,
    watchDeath({
      fault: 'a runner that cannot lead',
      url: urlOf(ward, 'projects'),
      reason: /^(runner|read model)/,
      place: placeIn(projects, `es.checkpoints where reader like 'model.%' order by reader`),
    }),
    watchDeath({
      fault: 'a dead relay',
      url: urlOf(ward, 'costs'),
      reason: /^relay/,
      place: placeIn(costs, 'es.acknowledged order by topic'),
    }),
    watchDeath({
      fault: 'an endless rebalance',
      url: urlOf(ward, 'costs'),
      reason: /^receiving/,
      place: placeIn(costs, 'es.offsets order by topic, partition'),
    }),
  ]);
  for (const relieve of reliefs) await relieve();
  return deaths;
}

/** How long until both say again by themselves that they are ready. */
async function recovery(ward: Ward): Promise<number> {
  const began = performance.now();
  await ward.city.untilReady(READY_MS);
  return (performance.now() - began) / 1_000;
}

async function stopped(ward: Ward): Promise<Death[]> {
  const { context, city } = ward;
  await poisonStreams(context, busOf(context, city), 'projects', POISONED);
  const poisoned = watchDeath({
    fault: 'a consumer that has stopped for good',
    url: urlOf(ward, 'costs'),
    reason: /^receiving/,
    place: nowhere,
  });
  const frozen = await strike(context, city, 'projects', 'SIGSTOP');
  const silent = await watchDeath({
    fault: 'a frozen leader',
    url: urlOf(ward, 'projects'),
    reason: /./,
    place: nowhere,
  });
  const deaths = [await poisoned, silent];
  if (frozen) process.kill(frozen.pid, 'SIGCONT');
  return deaths;
}

const slowest = (deaths: readonly Death[]): number =>
  Math.max(0, ...deaths.flatMap(({ saidAfterMs, goneAfterMs }) => saidAfterMs ?? goneAfterMs ?? [])) / 1_000;

/** A service is ready before it has its place in the group: watermarks of every partition show that it has. */
async function untilReceiving(pool: pg.Pool): Promise<void> {
  for (const end = Date.now() + READY_MS; Date.now() < end; await pause(100)) {
    const { rowCount } = await pool.query('select from es.offsets where next_offset > 0');
    if ((rowCount ?? 0) >= PARTITIONS) return;
  }
  throw new Error('A service did not receive within the time');
}

async function openWard(context: TrialContext): Promise<Ward> {
  const city = await openTrialCity(context);
  const bus = busOf(context, city);
  const ward = {
    context,
    city,
    projects: openDatabase(context, city.database('projects')),
    costs: openDatabase(context, city.database('costs')),
    bus: bus.kind === 'postgres' ? openDatabase(context, bus.url) : undefined,
  };
  await city.untilReady(READY_MS);
  await Promise.all([ward.projects, ward.costs].map(untilReceiving));
  return ward;
}

export const p15: Trial = {
  id: 'P15',
  says: 'nothing dies silently',
  bus: true,
  slow: true,
  smokeBus: 'kafka',
  async run(context) {
    const ward = await openWard(context);
    const naive = swallowingMember(context, ward.city.database('costs'));
    naive.catch(() => undefined);
    const first = await crippled(ward);
    const recoveredS = await recovery(ward);
    const deaths = [...first, ...(await stopped(ward))];
    for (const death of deaths) context.note({ ...death });
    const told = deaths.filter(({ saidAfterMs, goneAfterMs }) => (saidAfterMs ?? goneAfterMs) !== undefined);
    return {
      figures: {
        deaths: deaths.length,
        told: told.length,
        'still at work': deaths.filter(({ worked }) => worked).length,
        'told after at most, s': slowest(deaths),
        'ready again after, s': Math.round(recoveredS * 10) / 10,
      },
      violations: judgeDeaths(deaths),
      control: { what: 'a member that swallows its errors', violations: judgeDeaths([await naive]) },
    };
  },
};
