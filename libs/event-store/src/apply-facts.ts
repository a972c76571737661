import type { Fact } from '@tongchou/kernel';
import type pg from 'pg';
import { type CheckpointKey, moveCheckpoints, setStopped } from './checkpoints.ts';
import { sqlState } from './database-error.ts';
import type { Cursor } from './difference.ts';
import { aim, foldRows } from './fold.ts';
import { reasonOf } from './log.ts';
import { type ModelTable, readRows, writing } from './model-table.ts';
import { inTransaction } from './transaction.ts';
import { isTransient } from './transient.ts';

/** Somebody else leads: the stored epoch or cursor is another. What was done has been rolled back. */
export class LeadershipLost extends Error {
  constructor(reader: string) {
    super(`The checkpoint of ${reader} was moved by somebody else: another instance leads.`);
    this.name = 'LeadershipLost';
  }
}

/** A read model and the checkpoint that moves with its table. */
export interface Target {
  readonly table: ModelTable;
  readonly key: CheckpointKey;
}

export interface Application {
  readonly epoch: number;
  readonly from: Cursor;
  readonly to: Cursor;
  readonly watermarks?: Readonly<Record<string, string>>;
  /** Done in the same transaction, last. */
  also?(client: pg.PoolClient): Promise<void>;
}

interface Change<T extends Target> {
  readonly target: T;
  /** None: no row differs. */
  readonly write: pg.QueryConfig | undefined;
}

/** Why a target does not go on; its table and checkpoint are as before. */
export interface Stop<T extends Target> {
  readonly target: T;
  readonly reason: string;
}

const refused = (table: ModelTable, error: unknown): string =>
  `rows of read model ${table.model.name} are refused: ${reasonOf(error)}`;

function written(table: ModelTable, rows: readonly object[]): pg.QueryConfig | undefined {
  try {
    return writing(table, rows);
  } catch (error) {
    throw new Error(refused(table, error), { cause: error });
  }
}

async function changeOf<T extends Target>(
  pool: pg.Pool,
  target: T,
  facts: readonly Fact[],
): Promise<Change<T> | Stop<T>> {
  try {
    const { table } = target;
    const aims = aim(table.model, facts);
    const keys = aims.map(({ key }) => key);
    const rows = await readRows(pool, table, keys);
    return { target, write: written(table, [...foldRows(table.model, aims, rows).values()]) };
  } catch (error) {
    if (isTransient(error)) throw error;
    return { target, reason: reasonOf(error) };
  }
}

async function commit(
  pool: pg.Pool,
  changes: readonly Change<Target>[],
  stops: readonly Stop<Target>[],
  application: Application,
): Promise<void> {
  const { epoch } = application;
  await inTransaction(pool, async (client) => {
    const keys = changes.map(({ target }) => target.key);
    if (!(await moveCheckpoints(client, keys, application))) throw new LeadershipLost(keys[0]?.reader ?? '');
    for (const { write } of changes) if (write) await client.query(write);
    for (const { target, reason } of stops)
      if (!(await setStopped(client, target.key, epoch, reason))) throw new LeadershipLost(target.key.reader);
    if (changes.length > 0) await application.also?.(client);
  });
}

/** Why PostgreSQL refuses what is in these rows, tried alone and rolled back; `undefined` when it does not. */
async function refusal(pool: pg.Pool, { target, write }: Change<Target>): Promise<string | undefined> {
  const undo = new Error('tried');
  try {
    return await inTransaction(pool, async (client) => {
      if (write) await client.query(write);
      throw undo;
    });
  } catch (error) {
    if (error === undo) return undefined;
    if (isTransient(error) || sqlState(error) === undefined) throw error;
    return refused(target.table, error);
  }
}

/**
 * Folds facts into all targets and writes every one's rows together with all checkpoints in one transaction. A target that
 * throws, or whose rows PostgreSQL refuses, is left as it was, marked as stopped and returned; the others go on.
 *
 * @throws LeadershipLost when another instance leads; nothing was done.
 */
export async function applyFacts<T extends Target>(
  pool: pg.Pool,
  targets: readonly T[],
  facts: readonly Fact[],
  application: Application,
): Promise<Stop<T>[]> {
  const results = await Promise.all(targets.map((target) => changeOf(pool, target, facts)));
  const changes = results.filter((result) => 'write' in result);
  const stops = results.filter((result) => 'reason' in result);
  try {
    await commit(pool, changes, stops, application);
    return stops;
  } catch (error) {
    if (isTransient(error) || sqlState(error) === undefined) throw error;
    const good: Change<T>[] = [];
    for (const change of changes) {
      const reason = await refusal(pool, change);
      if (reason === undefined) good.push(change);
      else stops.push({ target: change.target, reason });
    }
    if (good.length === changes.length) throw error;
    await commit(pool, good, stops, application);
    return stops;
  }
}
