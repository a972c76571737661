import { performance } from 'node:perf_hooks';
import { type Checkpoint, CHECKPOINT_COLUMNS, type CheckpointRow, toCheckpoint } from './checkpoints.ts';
import type { RunOptions } from './crew.ts';
import { currentSnapshot, hasDifference } from './difference.ts';
import type { AnyReadModel } from './fold.ts';
import { lead, type LeaderTiming } from './leader.ts';
import { buildingKey, ensureServingTables, requestRebuild, servingKey } from './rebuild.ts';
import { runModels } from './run-models.ts';
import { storeIdentity } from './store-identity.ts';
import { rest } from './transient.ts';

export interface RunnerOptions extends RunOptions {
  readonly timing?: Partial<LeaderTiming>;
}

export interface ModelStatus {
  readonly name: string;
  /** The version that this code folds. */
  readonly version: number;
  /** The version whose table is asked; another one while this code's is being built. */
  readonly serving: number | undefined;
  readonly building: boolean;
  /** Why it does not go on. */
  readonly stopped?: string;
}

export interface RunnerStatus {
  readonly leading: boolean;
  /** As stored, whoever leads; at most a second old. */
  readonly models: readonly ModelStatus[];
}

export interface Runner {
  status(): RunnerStatus;
  /**
   * Builds a model's table anew beside the serving one and resolves when it is swapped in. Any instance may ask; whoever
   * leads builds.
   *
   * @throws for an unknown model, when the build stops (with its reason), or when nothing moves for two minutes.
   */
  rebuild(model: string): Promise<void>;
  /**
   * Resolves when everything committed before the call is in every model, whoever leads.
   *
   * @throws when a model has stopped, or after `timeoutMs` (a minute when not given).
   */
  untilCaughtUp(timeoutMs?: number): Promise<void>;
  /** Ends the work in order; another instance leads at once. */
  stop(): Promise<void>;
}

/** How often the stored state is looked at. */
const STATUS_MS = { least: 200, most: 1_000 };
const LOOK_EVERY_MS = 50;
const STUCK_MS = 120_000;
const CAUGHT_UP_MS = 60_000;

type StoredModels = ReadonlyMap<string, Checkpoint>;

async function readModels({ store }: RunOptions): Promise<StoredModels> {
  const { rows } = await store.pool.query<CheckpointRow>({
    name: 'es read models',
    text: `select ${CHECKPOINT_COLUMNS} from es.checkpoints where reader like 'model.%' or reader like 'building.%'`,
  });
  return new Map(rows.map((row) => [row.reader, toCheckpoint(row)]));
}

function statusOf(model: AnyReadModel, stored: StoredModels): ModelStatus {
  const serving = stored.get(servingKey(model).reader);
  const building = stored.get(buildingKey(model).reader);
  const stopped = serving?.stopped ?? building?.stopped;
  return {
    name: model.name,
    version: model.version,
    serving: serving?.version,
    building: building !== undefined && building.stopped === undefined,
    ...(stopped === undefined ? {} : { stopped }),
  };
}

async function untilBuilt(options: RunOptions, model: AnyReadModel, signal: AbortSignal): Promise<void> {
  const key = buildingKey(model);
  let seen = '';
  for (let moved = performance.now(); !signal.aborted; await rest(LOOK_EVERY_MS, signal)) {
    const building = (await readModels(options)).get(key.reader);
    if (building === undefined) return;
    if (building.stopped !== undefined) throw new Error(building.stopped);
    const now = JSON.stringify([building.epoch, building.cursor.base.text, building.cursor.paging?.after]);
    if (now !== seen) moved = performance.now();
    seen = now;
    if (performance.now() - moved > STUCK_MS)
      throw new Error(
        `The rebuild of ${model.name} does not move: is an instance of ${options.store.service} running?`,
      );
  }
  throw new Error(`The rebuild of ${model.name} goes on at the next start: this instance stops.`);
}

async function caughtUp(options: RunOptions, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const target = await currentSnapshot(options.store.pool);
  const has = (checkpoint: Checkpoint | undefined, model: AnyReadModel): Promise<boolean> => {
    if (checkpoint?.stopped !== undefined)
      throw new Error(`Read model ${model.name} has stopped: ${checkpoint.stopped}`);
    if (checkpoint?.version !== model.version) return Promise.resolve(false);
    const { base } = checkpoint.cursor;
    return hasDifference(options.store.pool, base, target, ['events', 'received']).then((missing) => !missing);
  };
  for (const end = performance.now() + timeoutMs; ; await rest(LOOK_EVERY_MS, signal)) {
    const stored = await readModels(options);
    const all = await Promise.all(options.models.map((model) => has(stored.get(servingKey(model).reader), model)));
    if (all.every(Boolean)) return;
    if (signal.aborted || performance.now() > end)
      throw new Error(`Read models of ${options.store.service} did not catch up within ${timeoutMs} ms.`);
  }
}

/**
 * Folds a service's own and received facts into its read models. Any number of instances may run; one leads, another takes
 * over. Makes missing tables before it resolves; builds tables of raised versions beside the serving ones.
 *
 * @throws when the database is away, or a model's name or columns make no table.
 */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const { store, models, log } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  await ensureServingTables(store.pool, models);
  let stored = await readModels(options);

  const ear = store.wake.listen('folded');
  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      stored = await readModels(options).catch(() => stored);
      if (await ear.wait(STATUS_MS.most, signal)) await rest(STATUS_MS.least, signal);
    }
    ear.close();
  };
  const following = follow();
  const leadership = lead({
    store,
    name: 'runner',
    log,
    onLead: (lease) => runModels(options, lease),
    ...(options.timing ? { timing: options.timing } : {}),
  });

  return {
    status: () => ({ leading: leadership.leading(), models: models.map((model) => statusOf(model, stored)) }),
    async rebuild(name) {
      const model = models.find((each) => each.name === name);
      const known = models.map((each) => each.name).join(', ');
      if (!model) throw new Error(`No read model ${name} in ${store.service}; there are: ${known}.`);
      await requestRebuild(store.pool, model, await storeIdentity(store.pool));
      await untilBuilt(options, model, signal);
    },
    untilCaughtUp: (timeoutMs = CAUGHT_UP_MS) => caughtUp(options, timeoutMs, signal),
    async stop() {
      stopping.abort();
      await leadership.stop();
      await following;
    },
  };
}
