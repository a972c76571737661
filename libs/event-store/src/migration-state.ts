import type pg from 'pg';
import type { DataSource } from 'typeorm';
import { sqlState } from './database-error.ts';
import { ENGINE_MIGRATIONS } from './migrations.ts';

const NO_SUCH_TABLE = '42P01';

async function ranHere(pool: pg.Pool): Promise<ReadonlySet<string>> {
  try {
    const { rows } = await pool.query<{ name: string }>('select name from migrations');
    return new Set(rows.map(({ name }) => name));
  } catch (error) {
    if (sqlState(error) === NO_SUCH_TABLE) return new Set();
    throw error;
  }
}

/**
 * Why this release and its database do not fit together, each with what to do; empty = they do. A database is migrated at
 * start: afterwards it can only have been replaced, or migrated further by a newer release.
 *
 * @throws when the database is away.
 */
export async function migrationTrouble(store: {
  readonly pool: pg.Pool;
  readonly dataSource: Pick<DataSource, 'migrations'>;
}): Promise<string[]> {
  const ran = await ranHere(store.pool);
  const known = store.dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name);
  const missing = known.filter((name) => !ran.has(name));
  const foreign = [...ran].filter((name) => !known.includes(name));
  return [
    ...(missing.length > 0 ? [`${missing.join(', ')} did not run in this database: start the service again`] : []),
    ...(foreign.length > 0
      ? [`${foreign.join(', ')} ran, which this release does not know: deploy the newer one`]
      : []),
  ];
}

/** The same of a database that no service need have open. @throws when the database is away. */
export const engineMigrationTrouble = (pool: pg.Pool): Promise<string[]> =>
  migrationTrouble({ pool, dataSource: { migrations: ENGINE_MIGRATIONS.map((Migration) => new Migration()) } });
