import { performance } from 'node:perf_hooks';
import { applyFacts } from './apply-facts.ts';
import { catchUp, stopAll } from './catch-up.ts';
import { type Crew, createCrew, type RunOptions } from './crew.ts';
import { readable } from './decode-facts.ts';
import { currentSnapshot, type Difference } from './difference.ts';
import type { Lease } from './leader.ts';
import { claimBuilding, claimServing, splitByProgress, type Standing } from './model-claims.ts';
import { createReader, type Reader } from './reader.ts';
import { storeIdentity } from './store-identity.ts';
import { patiently } from './transient.ts';
import { readWatermarks } from './watermarks.ts';

const IDLE_MS = 1_000;

type Step = Pick<Difference, 'facts' | 'to'>;

/** Up to when everything is complete at `to`, own events by their closed instant, other sources by their watermark. */
async function marksAt(crew: Crew, { to }: Step, reader: Reader): Promise<Crew['live']['watermarks']> {
  const closed = reader.closedInstant();
  const received = to.paging ? {} : await readWatermarks(crew.store.pool, to.base);
  return { ...crew.live.watermarks, ...received, ...(closed ? { [crew.store.service]: closed } : {}) };
}

/** Folds a step into all live models and stores it; those that throw stop alone, unless the facts cannot even be read. */
async function storeStep(crew: Crew, step: Step, reader: Reader): Promise<void> {
  const { live, store } = crew;
  const facts = readable(step.facts, crew.decode);
  const watermarks = await marksAt(crew, step, reader);
  const application = { epoch: crew.epoch, from: live.saved, to: step.to, watermarks };
  const stops =
    typeof facts === 'string'
      ? await stopAll(crew, live.targets, facts)
      : await applyFacts(store.pool, live.targets, facts, application);
  live.saved = step.to;
  live.watermarks = watermarks;
  live.targets = live.targets.filter((target) => !stops.some((stop) => stop.target === target));
  stops.forEach((stop) => crew.stopped(stop));
  store.wake.announce('folded');
}

/**
 * Stores the base of an idle reader when another service's watermark moved, so that every instance can tell how fresh it is.
 * Own events do not count here: an idle service writes nothing.
 */
async function storeIdle(crew: Crew, reader: Reader): Promise<void> {
  const { live, store } = crew;
  const to = reader.cursor();
  if (live.targets.length === 0) live.saved = to;
  if (to.paging || live.targets.length === 0) return;
  const marks = Object.entries(await readWatermarks(store.pool, to.base));
  const moved = marks.some(([source, instant]) => (live.watermarks[source] ?? '') < instant);
  if (moved) await storeStep(crew, { facts: [], to }, reader);
}

async function foldLive(crew: Crew, reader: Reader, everySecond: () => Promise<void>): Promise<void> {
  const patience = crew.patience('read models');
  for (let last = -Infinity; !crew.signal.aborted;) {
    const difference = await patiently(() => reader.next(IDLE_MS, crew.signal), patience);
    if (crew.signal.aborted) return;
    if (difference.facts.length > 0) {
      await patiently(() => crew.turn(() => storeStep(crew, difference, reader)), patience);
      reader.done(difference);
    }
    if (performance.now() - last < IDLE_MS) continue;
    last = performance.now();
    await patiently(() => crew.turn(() => storeIdle(crew, reader)), patience);
    await patiently(everySecond, patience);
  }
}

/** Takes over every model; those that have the furthest base in common are live at once. */
async function claimAll(crew: Crew): Promise<readonly Standing[]> {
  const standings: Standing[] = [];
  for (const model of crew.models) {
    const standing = await claimServing(crew, model);
    if (standing) standings.push(standing);
  }
  const { live, behind } = splitByProgress(standings);
  crew.live.targets = live;
  crew.live.saved = live[0]?.cursor ?? crew.live.saved;
  crew.live.watermarks = live[0]?.watermarks ?? {};
  return behind;
}

interface Sides {
  begin(standing: Standing): void;
  /** Begins what was asked to be built, here or in another instance. */
  look(): Promise<void>;
  ended(): Promise<void>;
}

/** Models that catch up and tables that are built, each beside the live ones. */
function createSides(crew: Crew, fail: (error: unknown) => void): Sides {
  const under = new Map<string, Promise<void>>();
  const begin = (standing: Standing): void => {
    const { reader } = standing.key;
    const work = catchUp(standing, crew)
      .catch(fail)
      .finally(() => under.delete(reader));
    under.set(reader, work);
  };
  return {
    begin,
    async look() {
      for (const model of crew.models) {
        if (under.has(`building.${model.name}`)) continue;
        const building = await claimBuilding(crew, model);
        if (building) begin(building);
      }
    },
    async ended() {
      await Promise.all(under.values());
    },
  };
}

function openReader(crew: Crew): Reader {
  const { store, log, live } = crew;
  const closedFrom = live.watermarks[store.service];
  return createReader({
    store,
    log,
    name: 'read models',
    from: live.saved,
    tables: ['events', 'received'],
    ...(closedFrom === undefined ? {} : { closedFrom }),
  });
}

/**
 * The leader's work: folds own and received facts into all models, all live ones in one transaction a difference, catches up
 * what is behind and builds what was asked for. Ends when the lease does.
 *
 * @throws LeadershipLost when another instance has taken over, and what cannot be retried.
 */
export async function runModels(options: RunOptions, lease: Lease): Promise<void> {
  const over = new AbortController();
  let failure: Error | undefined;
  const { pool } = options.store;
  const at = { identity: await storeIdentity(pool), saved: { base: await currentSnapshot(pool) } };
  const crew = createCrew(options, { ...lease, signal: AbortSignal.any([lease.signal, over.signal]) }, at);
  const behind = await claimAll(crew);
  const reader = openReader(crew);
  const sides = createSides(crew, (error) => {
    failure ??= error instanceof Error ? error : new Error(String(error));
    over.abort();
  });
  behind.forEach((standing) => sides.begin(standing));
  try {
    await foldLive(crew, reader, () => sides.look());
  } finally {
    over.abort();
    await sides.ended();
    reader.close();
  }
  if (failure) throw failure;
}
