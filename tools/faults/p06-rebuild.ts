import { setTimeout as pause } from 'node:timers/promises';
import { openStore, type Store } from '@tongchou/event-store';
import type pg from 'pg';
import { openWitness } from './flow-evidence.ts';
import { crashesOf } from './flow.ts';
import { startWorker, type FlowWorker } from './flow-worker.ts';
import { startWriting, untilAnswered, type Writing } from './flow-writers.ts';
import { truncatingRebuildControl } from './naive/truncating-rebuild.ts';
import { oneOf } from './random.ts';
import { judgeRebuilt } from './rebuild-checker.ts';
import { freshRows, tableRows } from './rebuild-evidence.ts';
import { ALL_MODELS, REBUILT, twinOf } from './rebuild-models.ts';
import type { Trial, TrialContext } from './trial.ts';

const PLAN = {
  smoke: { before: 4_000, during: 2_000, perSecond: 400 },
  full: { before: 100_000, during: 20_000, perSecond: 500 },
};
const SERVICE = 'projects';
const AT_ONCE = 20_000;
const LOOK_EVERY_MS = 20;
const ASK_EVERY_MS = 1_000;
const WITHIN_MS = 120_000;

interface House {
  readonly context: TrialContext;
  readonly store: Store;
  readonly witness: pg.Pool;
  readonly runners: readonly FlowWorker[];
}

async function openHouse(context: TrialContext): Promise<House> {
  const server = await context.server();
  const url = await server.database('rebuilt');
  const store = await openStore({ url, service: SERVICE, poolSize: 6 });
  context.atEnd(() => store.close());
  const witness = openWitness(url);
  context.atEnd(() => witness.end());
  const settings = { url, service: SERVICE };
  const runners = [1, 2].map((nth) =>
    startWorker(context, { name: `runner ${nth}`, file: 'workers/runner.ts', settings }),
  );
  await Promise.all(runners.map((runner) => runner.untilReady()));
  return { context, store, witness, runners };
}

const write = ({ context, store }: House, events: number, perSecond: number): Writing =>
  startWriting(store, { random: context.random, events, perSecond, streams: 220, count: () => undefined });

async function numberOf(witness: pg.Pool, text: string): Promise<number> {
  const { rows } = await untilAnswered(() => witness.query<{ n: string | null }>(text));
  return Number(rows[0]?.n ?? 0);
}

const tableOf = (witness: pg.Pool, model: string): Promise<number> =>
  numberOf(witness, `select coalesce(to_regclass('rm.${model}')::oid, 0)::bigint as n`);

/** Until every model has as many facts as are told; the checker says what is wrong with one that never has. */
async function untilFolded({ witness }: House): Promise<void> {
  const wanted = await numberOf(witness, `select count(*) as n from es.events where event_type <> 'Kept'`);
  const least = `select least(${ALL_MODELS.map(({ name }) => `(select coalesce(sum(facts), 0) from rm.${name})`).join()}) as n`;
  for (const end = performance.now() + WITHIN_MS; performance.now() < end; await pause(LOOK_EVERY_MS)) {
    if ((await numberOf(witness, least)) >= wanted) return;
  }
}

/** Asks whoever runs until another table stands in the place of the model's; answers how long that took. */
async function rebuild({ context, witness, runners }: House, model: string): Promise<number> {
  const before = await tableOf(witness, model);
  const began = performance.now();
  for (let askAt = began; (await tableOf(witness, model)) === before; await pause(LOOK_EVERY_MS)) {
    if (performance.now() - began > WITHIN_MS) throw new Error(`${model} was not rebuilt within ${WITHIN_MS} ms`);
    if (performance.now() < askAt) continue;
    askAt = performance.now() + ASK_EVERY_MS;
    oneOf(context.random, runners).send({ rebuild: model });
  }
  context.count('rebuilds');
  return performance.now() - began;
}

async function killAll({ context, runners }: House): Promise<void> {
  for (const runner of runners) if (await runner.kill()) context.count('runners killed');
}

/** While one is rebuilt its builders are killed, twice, and PostgreSQL once. */
async function rebuildUnderFaults(house: House, model: string): Promise<void> {
  const { context } = house;
  const built = rebuild(house, model);
  const building = `select count(*) as n from es.checkpoints where reader = 'building.${model}'`;
  for (const strike of ['runners', 'server', 'runners'] as const) {
    for (let tries = 0; tries < 100 && (await numberOf(house.witness, building)) === 0; tries += 1) await pause(5);
    if (strike === 'runners') await killAll(house);
    else {
      await (await context.server()).restart();
      context.count('PostgreSQL killed and restarted');
    }
  }
  await built;
}

/** Dropped behind the back of everybody, as by a mistake; whoever starts makes it anew. */
async function dropAndRestart(house: House, model: string): Promise<void> {
  await untilAnswered(() => house.witness.query(`drop table if exists rm.${model}`));
  house.context.count('tables dropped');
  await killAll(house);
}

async function judge({ store, witness }: House): Promise<string[]> {
  const violations: string[] = [];
  for (const model of REBUILT) {
    const rebuilt = await tableRows(witness, `rm.${model.name}`);
    violations.push(...judgeRebuilt(model.name, rebuilt, await freshRows(store, model), 'a fresh fold'));
    const untouched = await tableRows(witness, `rm.${twinOf(model.name)}`);
    violations.push(...judgeRebuilt(model.name, rebuilt, untouched, 'the one that was never rebuilt'));
  }
  return violations;
}

export const p6: Trial = {
  id: 'P6',
  says: 'read models can be rebuilt while work goes on',
  bus: false,
  slow: true,
  async run(context) {
    const plan = context.full ? PLAN.full : PLAN.smoke;
    const house = await openHouse(context);
    await write(house, plan.before, AT_ONCE).done;
    await untilFolded(house);
    const events = await numberOf(house.witness, 'select count(*) as n from es.events');
    const quietMs = await rebuild(house, 'groups');
    const live = write(house, plan.during, plan.perSecond);
    const liveMs = await rebuild(house, 'groups');
    await rebuildUnderFaults(house, 'tally');
    await dropAndRestart(house, 'groups');
    await live.done;
    await untilFolded(house);
    return {
      figures: {
        events: await numberOf(house.witness, 'select count(*) as n from es.events'),
        'rebuilt a second': Math.round((events / quietMs) * 1_000),
        'rebuilt a second under traffic': Math.round((events / liveMs) * 1_000),
      },
      violations: [...(await judge(house)), ...crashesOf(house.runners)],
      control: await truncatingRebuildControl(context),
    };
  },
};
