import type pg from 'pg';
import { inTransaction } from './transaction.ts';
import { type CheckpointKey, claimCheckpoint } from './checkpoints.ts';
import type { AnyReadModel } from './fold.ts';
import { createTable, type ModelTable, readMark, servingTable, tableName } from './model-table.ts';
import type { Sweep } from './retention.ts';

/** Where a model is served from, and where its next table is built: two checkpoints, so that both may move. */
export const servingKey = ({ name, version }: AnyReadModel): CheckpointKey => ({ reader: `model.${name}`, version });
export const buildingKey = ({ name, version }: AnyReadModel): CheckpointKey => ({
  reader: `building.${name}`,
  version,
});

export const buildingTable = (model: AnyReadModel): ModelTable => ({
  model,
  schema: 'rm_next',
  table: `${model.name}_v${model.version}`,
});

type Db = Pick<pg.Pool, 'query'>;

/** Instances that start at once make a table once. */
const oneAtATime = (client: Db): Promise<unknown> =>
  client.query(`select pg_advisory_xact_lock(hashtextextended('es.read-models', 0))`);

/** Makes the tables that are missing in `rm`, so that they can be asked from the first moment. */
export async function ensureServingTables(pool: pg.Pool, models: readonly AnyReadModel[]): Promise<void> {
  await inTransaction(pool, async (client) => {
    await oneAtATime(client);
    for (const model of models) {
      const table = servingTable(model);
      if ((await readMark(client, table)) !== undefined) continue;
      await client.query('delete from es.checkpoints where reader = $1', [servingKey(model).reader]);
      await createTable(client, table);
    }
  });
}

const dropBuilding = async (client: Db, reader: string, version: number, table: string): Promise<void> => {
  await client.query('delete from es.checkpoints where reader = $1 and reader_version = $2', [reader, version]);
  await client.query(`drop table if exists ${tableName({ schema: 'rm_next', table })}`);
};

/**
 * Asks for a table to be built beside the serving one; whoever leads builds it, also after a restart. Does nothing while one
 * of this version is being built; one that stopped, or was built in another database, begins anew.
 */
export async function requestRebuild(pool: pg.Pool, model: AnyReadModel, identity: string): Promise<void> {
  const { reader, version } = buildingKey(model);
  await inTransaction(pool, async (client) => {
    await oneAtATime(client);
    const underWay = await client.query(
      `select 1 from es.checkpoints
       where reader = $1 and reader_version = $2 and stopped is null and system_identifier = $3`,
      [reader, version, identity],
    );
    if (underWay.rowCount === 1 && (await readMark(client, buildingTable(model)))) return;
    await dropBuilding(client, reader, version, buildingTable(model).table);
    await createTable(client, buildingTable(model));
    await claimCheckpoint(client, { reader, version }, { epoch: 0, identity });
  });
}

/** Removes what earlier releases began to build, which nobody will finish. */
export async function dropAbandoned(pool: pg.Pool, model: AnyReadModel): Promise<void> {
  const { reader, version } = buildingKey(model);
  await inTransaction(pool, async (client) => {
    await oneAtATime(client);
    const { rows } = await client.query<{ reader_version: number }>(
      'select reader_version from es.checkpoints where reader = $1 and reader_version < $2',
      [reader, version],
    );
    for (const old of rows)
      await dropBuilding(client, reader, old.reader_version, `${model.name}_v${old.reader_version}`);
  });
}

/** A query that still reads the old table must not hold up everything for long: the swap is tried again. */
const SWAP_LOCK_TIMEOUT = '300ms';

/** Puts the built table in the place of the serving one, which is kept in `rm_old`. In the transaction of its last effect. */
export async function swapIn(client: Db, model: AnyReadModel): Promise<void> {
  await client.query(`set local lock_timeout = '${SWAP_LOCK_TIMEOUT}'`);
  const serving = servingTable(model);
  const mark = await readMark(client, serving);
  if (mark) {
    const now = await client.query<{ ms: string }>(
      'select floor(extract(epoch from clock_timestamp()) * 1000)::text as ms',
    );
    const kept = { schema: 'rm_old', table: `${model.name}_v${mark.version}_${now.rows[0]?.ms}` };
    await client.query(`create schema if not exists rm_old`);
    await client.query(`alter table ${tableName(serving)} rename to "${kept.table}"`);
    await client.query(`alter table ${tableName({ schema: 'rm', table: kept.table })} set schema rm_old`);
  }
  const next = buildingTable(model);
  await client.query(`alter table ${tableName(next)} rename to "${model.name}"`);
  await client.query(`alter table ${tableName({ schema: next.schema, table: model.name })} set schema rm`);
  await client.query('delete from es.checkpoints where reader = $1', [servingKey(model).reader]);
  const { reader, version } = buildingKey(model);
  await client.query('update es.checkpoints set reader = $1 where reader = $2 and reader_version = $3', [
    servingKey(model).reader,
    reader,
    version,
  ]);
}

/** Drops tables that were replaced more than a day ago; their names end in the millisecond of that. */
async function dropOldTables(pool: Db): Promise<number> {
  const { rows } = await pool.query<{ table: string }>(
    `select table_name as "table" from information_schema.tables
     where table_schema = 'rm_old'
       and substring(table_name from '_(\\d{13})$')::bigint < extract(epoch from now() - interval '1 day') * 1000`,
  );
  for (const { table } of rows) await pool.query(`drop table if exists ${tableName({ schema: 'rm_old', table })}`);
  return rows.length;
}

/** Tables that a new version or a rebuild has replaced more than a day ago. */
export const replacedTables = (pool: Db): Sweep => ({
  name: 'replaced model tables',
  remove: () => dropOldTables(pool),
});
