import { setTimeout as pause } from 'node:timers/promises';
import { openStore } from '@tongchou/event-store';
import { discardParked } from '@tongchou/messaging';
import type pg from 'pg';
import { wreak, type Fault } from './flow-chaos.ts';
import { judgeFlow } from './flow-checker.ts';
import { evidenceOf, openWitness } from './flow-evidence.ts';
import { flowContracts } from './flow-facts.ts';
import type { Breakable } from './flow-faults.ts';
import { forge } from './flow-forger.ts';
import { openForeign } from './flow-foreign.ts';
import { flowSettings, type FlowSettings, type Unruly } from './flow-settings.ts';
import { startWorker, type FlowWorker } from './flow-worker.ts';
import { startWriting } from './flow-writers.ts';
import type { TrialContext } from './trial.ts';

export interface FlowPlan {
  /** In names of topics and groups: p3. */
  readonly trial: string;
  readonly events: number;
  readonly chaosMs: number;
  readonly strikeEveryMs: number;
  readonly faults: (flow: Breakable) => readonly Fault[];
  readonly unruly?: Omit<Unruly, 'seed'>;
  /** Forged events under places that are taken. */
  readonly forgeries?: number;
}

export interface FlowEnd {
  readonly figures: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
}

const RELAYS = 2;
const CONSUMERS = 3;
const STREAMS = 330;
const STILL_MS = 60_000;
const LOOK_EVERY_MS = 200;

interface Witnesses {
  readonly source: pg.Pool;
  readonly target: pg.Pool;
}

const countOf = (pool: pg.Pool, text: string, values: readonly unknown[] = []): Promise<number> =>
  pool.query<{ n: string | null }>(text, [...values]).then(({ rows }) => Number(rows[0]?.n ?? 0));

/** Waits until as much has arrived as was committed, or nothing has moved for a minute: the checker then tells what is missing. */
async function untilArrived({ source, target }: Witnesses, settings: FlowSettings): Promise<void> {
  const wanted = await countOf(source, 'select count(*) as n from es.events');
  const told = await countOf(source, `select count(*) as n from es.events where event_type <> 'Kept'`);
  for (let moved = performance.now(), before = -1; performance.now() - moved < STILL_MS; await pause(LOOK_EVERY_MS)) {
    const [stored, folded] = await Promise.all([
      countOf(target, 'select count(*) as n from es.received where source = $1', [settings.source]),
      countOf(target, 'select sum(facts) as n from rm.tally'),
    ]).catch(() => [before, 0] as const);
    if (stored >= wanted && folded >= told) return;
    if (stored + folded !== before) moved = performance.now();
    before = stored + folded;
  }
}

function startWorkers(context: TrialContext, settings: FlowSettings, count: (message: object) => void) {
  const relay = (nth: number): FlowWorker =>
    startWorker(context, { name: `relay ${nth}`, file: 'workers/relay.ts', settings, onMessage: count });
  const consumer = (nth: number): FlowWorker =>
    startWorker(context, { name: `consumer ${nth}`, file: 'workers/consumer.ts', settings });
  let more = CONSUMERS;
  return {
    relays: Array.from({ length: RELAYS }, (_, nth) => relay(nth + 1)),
    consumers: Array.from({ length: CONSUMERS }, (_, nth) => consumer(nth + 1)),
    anotherConsumer: () => consumer((more += 1)),
  };
}

/** Counts what the relays' unruly bus did. */
function misdeeds(context: TrialContext) {
  const sums = { repeated: 0, early: 0 };
  const hear = (message: object): void => {
    if ('repeated' in message && typeof message.repeated === 'number') sums.repeated += message.repeated;
    if ('early' in message && typeof message.early === 'number') sums.early += message.early;
  };
  const tell = (): void => {
    if (sums.repeated > 0) context.count('messages repeated', sums.repeated);
    if (sums.early > 0) context.count('messages that came too early', sums.early);
  };
  return { hear, tell };
}

const parkedForgeries = (target: pg.Pool, forged: readonly string[]): Promise<number> =>
  countOf(target, `select count(distinct event_id) as n from es.parked where event_id = any($1::uuid[])`, [forged]);

/** A fork holds its stream until somebody has looked: here somebody does, once all are parked. */
async function giveUpForgeries(settings: FlowSettings, target: pg.Pool, forged: readonly string[]): Promise<void> {
  if (forged.length === 0) return;
  for (const end = performance.now() + STILL_MS; performance.now() < end; await pause(LOOK_EVERY_MS)) {
    if ((await parkedForgeries(target, forged)) === forged.length) break;
  }
  const store = await openStore({ url: settings.targetUrl, service: settings.group, poolSize: 2 });
  try {
    const { rows } = await store.pool.query<{ id: string }>(
      'select id from es.parked where event_id = any($1::uuid[]) and released_at is null',
      [forged],
    );
    const ids = rows.map(({ id }) => id);
    await discardParked(store, ids, 'forged for the trial', flowContracts());
  } finally {
    await store.close();
  }
}

async function writeUnderChaos(context: TrialContext, plan: FlowPlan, flow: Breakable): Promise<number> {
  const store = await openStore({ url: flow.settings.sourceUrl, service: flow.settings.source, poolSize: 6 });
  context.atEnd(() => store.close());
  const { random } = context;
  const slow: Record<string, number> = {};
  const writing = startWriting(store, {
    random,
    events: plan.events,
    perSecond: (plan.events * 1_000) / plan.chaosMs,
    streams: STREAMS,
    count: (what) => (slow[what] = (slow[what] ?? 0) + 1),
  });
  await wreak({
    random,
    faults: plan.faults(flow),
    forMs: plan.chaosMs,
    everyMs: plan.strikeEveryMs,
    count: (fault) => context.count(fault),
    note: (event) => context.note(event),
  });
  await writing.done;
  for (const [what, times] of Object.entries(slow)) context.count(what, times);
  return writing.written();
}

const ends = (workers: readonly FlowWorker[]): number => workers.reduce((sum, { ownEnds }) => sum + ownEnds, 0);

/** Nothing of what goes wrong outside may end a process that is at work. */
export const crashesOf = (workers: readonly FlowWorker[]): string[] =>
  workers.filter(({ crashes }) => crashes > 0).map(({ name, crashes }) => `${name} ended by itself, ${crashes} times`);

/** Facts from a store to a listening service, with everything going wrong on the way; judged when all has come to rest. */
export async function runFlow(context: TrialContext, plan: FlowPlan): Promise<FlowEnd> {
  const named = await flowSettings(context, plan.trial, 'flow');
  const settings = plan.unruly ? { ...named, unruly: { ...plan.unruly, seed: context.seed } } : named;
  const foreign = openForeign(settings.bus);
  const witnesses = { source: openWitness(settings.sourceUrl), target: openWitness(settings.targetUrl) };
  context.atEnd(() => Promise.all([foreign.close(), witnesses.source.end(), witnesses.target.end()]));
  const misdeed = misdeeds(context);
  const workers = startWorkers(context, settings, misdeed.hear);
  const { relays, consumers } = workers;
  await Promise.all([...relays, ...consumers].map((worker) => worker.untilReady()));

  const began = performance.now();
  const forging = forge(context, { settings, foreign, target: witnesses.target, many: plan.forgeries ?? 0 });
  await writeUnderChaos(context, plan, { context, settings, foreign, ...workers });
  const healed = performance.now();
  const forged = await forging;
  await giveUpForgeries(settings, witnesses.target, forged);
  await untilArrived(witnesses, settings);
  misdeed.tell();
  const evidence = await evidenceOf(witnesses, settings, forged);
  const restMs = performance.now() - healed;
  return {
    figures: {
      events: evidence.source.length,
      received: evidence.received.length,
      'parked on the way': evidence.everParked,
      ...(forged.length > 0 && { 'forgeries found out': evidence.parkedForgeries.length }),
      'seconds of faults': Math.round((healed - began) / 1_000),
      'seconds until all had arrived': Math.round(restMs / 100) / 10,
      'processes that ended by themselves': ends([...relays, ...consumers]),
    },
    violations: [...judgeFlow(evidence), ...crashesOf([...relays, ...consumers])],
  };
}
