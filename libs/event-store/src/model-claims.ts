import { LeadershipLost, type Target } from './apply-facts.ts';
import { type Checkpoint, claimCheckpoint, setStopped } from './checkpoints.ts';
import { type Cursor, currentSnapshot, FROM_THE_START } from './difference.ts';
import type { FactsDatabase } from './facts-database.ts';
import { type AnyReadModel } from './fold.ts';
import { readMark, servingTable, tableFingerprint, tableName } from './model-table.ts';
import { buildingKey, buildingTable, dropAbandoned, requestRebuild, servingKey } from './rebuild.ts';
import { compareSnapshots, type Snapshot } from './snapshot.ts';
import { StoreRestored } from './store-identity.ts';

/** A target and how far it is. */
export interface Standing extends Target {
  cursor: Cursor;
  readonly watermarks: Readonly<Record<string, string>>;
}

export interface Claim {
  readonly store: FactsDatabase;
  readonly epoch: number;
  readonly identity: string;
}

/** Why a claimed checkpoint cannot be gone on from. */
function obstacle({ identity, store }: Claim, checkpoint: Checkpoint, now: Snapshot): string | undefined {
  const older = checkpoint.cursor.base.xmax > now.xmax;
  if (checkpoint.identity === identity && !older) return undefined;
  return new StoreRestored(`read model ${checkpoint.reader.replace('model.', '')}`, store.service).message;
}

/** Nothing has had its effect yet: rows of a lost checkpoint would be folded twice. */
async function emptyUnlessBegun({ store }: Claim, model: AnyReadModel, { cursor }: Checkpoint): Promise<void> {
  if (cursor.base.text !== FROM_THE_START.base.text || cursor.paging) return;
  await store.pool.query(`truncate ${tableName(servingTable(model))}`);
}

/**
 * Takes over a model's serving table. `undefined` when it does not go on: its table is of another version, so that this one
 * is asked to be built beside it, or it is stopped with a reason.
 *
 * @throws LeadershipLost when a later epoch holds it.
 */
export async function claimServing(claim: Claim, model: AnyReadModel): Promise<Standing | undefined> {
  const { store, epoch, identity } = claim;
  const table = servingTable(model);
  const key = servingKey(model);
  await dropAbandoned(store.pool, model);
  const mark = await readMark(store.pool, table);
  if (mark?.version !== model.version) {
    await requestRebuild(store.pool, model, identity);
    return undefined;
  }
  const checkpoint = await claimCheckpoint(store.pool, key, { epoch, identity });
  if (!checkpoint) throw new LeadershipLost(key.reader);
  const changed = `its columns, key or indexes changed, its version did not: raise version ${model.version} of read model ${model.name}.`;
  const reason =
    mark.fingerprint === tableFingerprint(model)
      ? obstacle(claim, checkpoint, await currentSnapshot(store.pool))
      : `The table was made otherwise: ${changed}`;
  if (reason !== undefined || checkpoint.stopped !== undefined) await setStopped(store.pool, key, epoch, reason);
  if (reason !== undefined) return undefined;
  await emptyUnlessBegun(claim, model, checkpoint);
  return { table, key, cursor: checkpoint.cursor, watermarks: checkpoint.watermarks };
}

/** Takes over the building of a model's next table, where one was asked for and did not stop. */
export async function claimBuilding(claim: Claim, model: AnyReadModel): Promise<Standing | undefined> {
  const { store, epoch, identity } = claim;
  const key = buildingKey(model);
  const { rows } = await store.pool.query<{ system_identifier: string }>(
    'select system_identifier from es.checkpoints where reader = $1 and reader_version = $2 and stopped is null',
    [key.reader, key.version],
  );
  if (rows.length === 0) return undefined;
  await requestRebuild(store.pool, model, identity);
  const checkpoint = await claimCheckpoint(store.pool, key, { epoch, identity });
  if (!checkpoint) throw new LeadershipLost(key.reader);
  return { table: buildingTable(model), key, cursor: checkpoint.cursor, watermarks: checkpoint.watermarks };
}

function compareCursors(a: Cursor, b: Cursor): number {
  const bases = compareSnapshots(a.base, b.base);
  if (bases !== 0) return bases;
  const [one, other] = [BigInt(a.paging?.after ?? -1), BigInt(b.paging?.after ?? -1)];
  return one < other ? -1 : Number(one > other);
}

/** Those that are furthest, all at the same cursor, and those that have to catch up with them. */
export function splitByProgress(standings: readonly Standing[]): { live: Standing[]; behind: Standing[] } {
  const [first] = standings.toSorted((a, b) => compareCursors(b.cursor, a.cursor));
  const isFirst = (each: Standing): boolean => first !== undefined && compareCursors(each.cursor, first.cursor) === 0;
  return { live: standings.filter(isFirst), behind: standings.filter((each) => !isFirst(each)) };
}
