import { performance } from 'node:perf_hooks';
import { type Application, applyFacts, LeadershipLost, type Stop } from './apply-facts.ts';
import { setStopped } from './checkpoints.ts';
import type { Crew } from './crew.ts';
import { readable } from './decode-facts.ts';
import { type Difference, readDifference } from './difference.ts';
import type { Standing } from './model-claims.ts';
import { servingTable } from './model-table.ts';
import { servingKey, swapIn } from './rebuild.ts';
import { compareSnapshots } from './snapshot.ts';
import { patiently, rest } from './transient.ts';

const PAGE_SIZE = 2_000;
/** So near that the rest is folded while the live models wait. */
const NEAR = 500;
const WAIT_FOR_LIVE_MS = 20;

const isBuilding = (side: Standing): boolean => side.key.reader.startsWith('building.');

const reading = (crew: Crew) =>
  ({ service: crew.store.service, tables: ['events', 'received'], pageSize: PAGE_SIZE }) as const;

/** True when the side may read up to the live models' base: never beyond it, and not while they are in the middle of a page. */
function mayRead(side: Standing, { live }: Crew): boolean {
  if (side.cursor.paging) return true;
  return compareSnapshots(side.cursor.base, live.saved.base) <= 0;
}

/** Marks targets as stopped for a fact that none of them may skip. */
export async function stopAll(crew: Crew, targets: readonly Standing[], reason: string): Promise<Stop<Standing>[]> {
  for (const { key } of targets)
    if (!(await setStopped(crew.store.pool, key, crew.epoch, reason))) throw new LeadershipLost(key.reader);
  return targets.map((target) => ({ target, reason }));
}

function applyTo(side: Standing, crew: Crew, { to }: Difference, joins: boolean): Application {
  const { model } = side.table;
  const application = { epoch: crew.epoch, from: side.cursor, to };
  if (!joins) return application;
  const joining = { ...application, watermarks: crew.live.watermarks };
  return isBuilding(side) ? { ...joining, also: (client) => swapIn(client, model) } : joining;
}

/** Folds a difference into the side alone. False when it stopped. */
async function apply(side: Standing, crew: Crew, difference: Difference, joins: boolean): Promise<boolean> {
  const facts = readable(difference.facts, crew.decode);
  const [stop] =
    typeof facts === 'string'
      ? await stopAll(crew, [side], facts)
      : await applyFacts(crew.store.pool, [side], facts, applyTo(side, crew, difference, joins));
  if (stop) crew.stopped(stop);
  else side.cursor = difference.to;
  return stop === undefined;
}

type Step = 'on' | 'joined' | 'stopped';

/** In a turn of its own, while the live models stand still: the rest, the swap, and from then on together. */
async function join(side: Standing, crew: Crew): Promise<Step> {
  const { live, store } = crew;
  if (live.saved.paging || !mayRead(side, crew)) return 'on';
  const difference = await readDifference(store.pool, side.cursor, live.saved.base, reading(crew));
  const joins = difference.to.paging === undefined && difference.to.base.text === live.saved.base.text;
  if (!(await apply(side, crew, difference, joins))) return 'stopped';
  if (!joins) return 'on';
  const { model } = side.table;
  const others = live.targets.filter((target) => target.table.model.name !== model.name);
  live.targets = [...others, { ...side, table: servingTable(model), key: servingKey(model) }];
  store.wake.announce('folded');
  return 'joined';
}

async function step(side: Standing, crew: Crew): Promise<Step> {
  const { pool } = crew.store;
  const difference = await readDifference(pool, side.cursor, crew.live.saved.base, reading(crew));
  const near = !side.cursor.paging && !difference.to.paging && difference.facts.length <= NEAR;
  if (near && !crew.live.saved.paging) return crew.turn(() => join(side, crew));
  if (difference.facts.length === 0 && !side.cursor.paging) {
    await rest(WAIT_FOR_LIVE_MS, crew.signal);
    return 'on';
  }
  return (await apply(side, crew, difference, false)) ? 'on' : 'stopped';
}

/**
 * Brings one model up to the base of the live ones, page by page while they go on, and joins them in the transaction in
 * which both reach the same base; a table built beside is swapped in there. Resumes where its checkpoint stands.
 */
export async function catchUp(side: Standing, crew: Crew): Promise<void> {
  const began = performance.now();
  const { model } = side.table;
  const what = isBuilding(side) ? 'builds the next table of a read model' : 'a read model catches up';
  crew.log.info({ readModel: model.name, version: model.version }, what);
  for (let state: Step = 'on'; state === 'on' && !crew.signal.aborted;) {
    if (mayRead(side, crew)) state = await patiently(() => step(side, crew), crew.patience(model.name));
    else await rest(WAIT_FOR_LIVE_MS, crew.signal);
    if (state === 'joined') {
      const ms = Math.round(performance.now() - began);
      crew.log.info({ readModel: model.name, version: model.version, ms }, 'a read model is up to date');
    }
  }
}
