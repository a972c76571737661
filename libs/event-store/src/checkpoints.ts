import type pg from 'pg';
import { type Cursor, FROM_THE_START } from './difference.ts';
import { parseSnapshot } from './snapshot.ts';

/** Names a checkpoint: one row of `es.checkpoints`. */
export interface CheckpointKey {
  readonly reader: string;
  readonly version: number;
}

export interface Checkpoint extends CheckpointKey {
  readonly cursor: Cursor;
  readonly epoch: number;
  /** The database that it was written in, see `storeIdentity`. */
  readonly identity: string;
  /** Per source, complete up to when; RFC 3339. */
  readonly watermarks: Readonly<Record<string, string>>;
  /** Why it does not go on. */
  readonly stopped: string | undefined;
}

export interface CheckpointRow {
  readonly reader: string;
  readonly reader_version: number;
  readonly base: string;
  readonly paging: { readonly target: string; readonly after: string } | null;
  readonly epoch: string;
  readonly system_identifier: string;
  readonly watermarks: Readonly<Record<string, string>>;
  readonly stopped: string | null;
}

type Db = Pick<pg.Pool, 'query'>;

export const CHECKPOINT_COLUMNS =
  'reader, reader_version, base::text as base, paging, epoch, system_identifier, watermarks, stopped';

export function toCheckpoint(row: CheckpointRow): Checkpoint {
  const base = parseSnapshot(row.base);
  const cursor = row.paging
    ? { base, paging: { target: parseSnapshot(row.paging.target), after: row.paging.after } }
    : { base };
  return {
    reader: row.reader,
    version: row.reader_version,
    cursor,
    epoch: Number(row.epoch),
    identity: row.system_identifier,
    watermarks: row.watermarks,
    stopped: row.stopped ?? undefined,
  };
}

const pagingOf = ({ paging }: Cursor): string | null =>
  paging ? JSON.stringify({ target: paging.target.text, after: paging.after }) : null;

/**
 * Makes the checkpoint this epoch's, so that nothing an earlier leader still does can move it; a missing one is made, at
 * `start`. `undefined` when a later epoch holds it already.
 */
export async function claimCheckpoint(
  db: Db,
  key: CheckpointKey,
  claim: { readonly epoch: number; readonly identity: string; readonly start?: Cursor },
): Promise<Checkpoint | undefined> {
  const start = claim.start ?? FROM_THE_START;
  const { rows } = await db.query<CheckpointRow>(
    `insert into es.checkpoints as c (reader, reader_version, base, paging, epoch, system_identifier)
     values ($1, $2, $3::pg_snapshot, $4, $5, $6)
     on conflict (reader, reader_version) do update set epoch = excluded.epoch where c.epoch <= excluded.epoch
     returning ${CHECKPOINT_COLUMNS}`,
    [key.reader, key.version, start.base.text, pagingOf(start), claim.epoch, claim.identity],
  );
  return rows[0] && toCheckpoint(rows[0]);
}

export interface CheckpointMove {
  readonly epoch: number;
  readonly from: Cursor;
  readonly to: Cursor;
  /** Merged over the stored ones. */
  readonly watermarks?: Readonly<Record<string, string>>;
}

/**
 * Moves checkpoints that stand at the same cursor, in the transaction of the effect. False when the epoch or the cursor of
 * one is another: somebody else leads, and the effect must be rolled back.
 */
export async function moveCheckpoints(db: Db, keys: readonly CheckpointKey[], move: CheckpointMove): Promise<boolean> {
  if (keys.length === 0) return true;
  const { rowCount } = await db.query({
    name: 'es move checkpoints',
    text: `update es.checkpoints c
       set base = $1::pg_snapshot, paging = $2::jsonb, watermarks = watermarks || $3::jsonb, updated_at = clock_timestamp()
       from unnest($4::text[], $5::integer[]) as k (reader, reader_version)
       where c.reader = k.reader and c.reader_version = k.reader_version and c.epoch = $6
         and c.base::text = $7 and c.paging is not distinct from $8::jsonb and c.stopped is null`,
    values: [
      move.to.base.text,
      pagingOf(move.to),
      JSON.stringify(move.watermarks ?? {}),
      keys.map(({ reader }) => reader),
      keys.map(({ version }) => version),
      move.epoch,
      move.from.base.text,
      pagingOf(move.from),
    ],
  });
  return rowCount === keys.length;
}

/** Writes why a reader does not go on; `undefined` clears it. False when a later epoch holds the checkpoint. */
export async function setStopped(
  db: Db,
  key: CheckpointKey,
  epoch: number,
  reason: string | undefined,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update es.checkpoints set stopped = $1, updated_at = clock_timestamp()
     where reader = $2 and reader_version = $3 and epoch = $4`,
    [reason ?? null, key.reader, key.version, epoch],
  );
  return rowCount === 1;
}

/** Begins again at the first fact, in the database as it is now. False when a later epoch holds the checkpoint. */
export async function restartCheckpoint(db: Db, key: CheckpointKey, epoch: number, identity: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update es.checkpoints set base = $1::pg_snapshot, paging = null, system_identifier = $2, stopped = null,
       watermarks = '{}', updated_at = clock_timestamp()
     where reader = $3 and reader_version = $4 and epoch = $5`,
    [FROM_THE_START.base.text, identity, key.reader, key.version, epoch],
  );
  return rowCount === 1;
}
