import type { Pool, PoolClient } from 'pg';
import { StaleCheckpoint } from './bus.ts';
import type { CheckpointStep, RelayCheckpoint } from './bus.ts';

/** Where a bus keeps relays' checkpoints: in its own database, or in the publishing service's store. */
export type CheckpointTable = 'bus.checkpoints' | 'es.published';

interface CheckpointRow {
  readonly generation: string;
  readonly cursor: string;
  readonly epoch: string;
  readonly system_identifier: string;
}

export async function storedCheckpoint(
  pool: Pool,
  table: CheckpointTable,
  topic: string,
): Promise<RelayCheckpoint | undefined> {
  const { rows } = await pool.query<CheckpointRow>(
    `select generation, cursor, epoch, system_identifier from ${table} where topic = $1`,
    [topic],
  );
  return rows.map((row) => ({
    generation: row.generation,
    cursor: row.cursor,
    epoch: Number(row.epoch),
    systemIdentifier: row.system_identifier,
  }))[0];
}

/**
 * By compare-and-set. Its row lock also puts two relays of one topic in turn. Epochs rise within a generation; a restored
 * store, which counts from where it was, begins a new one. @throws StaleCheckpoint
 */
export async function moveCheckpoint(
  db: Pool | PoolClient,
  table: CheckpointTable,
  topic: string,
  { from, to }: CheckpointStep,
): Promise<void> {
  const next = [topic, to.generation, to.cursor, to.epoch, to.systemIdentifier];
  const { rowCount } = from
    ? await db.query(
        `update ${table} set generation = $2, cursor = $3, epoch = $4, system_identifier = $5
          where topic = $1 and generation = $6 and cursor = $7 and epoch = $8 and (epoch <= $4 or generation <> $2)`,
        [...next, from.generation, from.cursor, from.epoch],
      )
    : await db.query(
        `insert into ${table} (topic, generation, cursor, epoch, system_identifier) values ($1, $2, $3, $4, $5)
         on conflict do nothing`,
        next,
      );
  if (rowCount !== 1) throw stale(topic);
}

/** That a step may still be taken; asked before what cannot be undone. @throws StaleCheckpoint */
export function assertStep(topic: string, { from, to }: CheckpointStep, stored: RelayCheckpoint | undefined): void {
  const late = from !== undefined && from.generation === to.generation && from.epoch > to.epoch;
  if (late || placeOf(from) !== placeOf(stored)) throw stale(topic);
}

const placeOf = (checkpoint: RelayCheckpoint | undefined): string | undefined =>
  checkpoint && JSON.stringify([checkpoint.generation, checkpoint.cursor, checkpoint.epoch]);

const stale = (topic: string): StaleCheckpoint =>
  new StaleCheckpoint(`The checkpoint of ${topic} was moved by another relay`);
