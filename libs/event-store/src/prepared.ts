import type pg from 'pg';
import { databaseErrorKind } from './database-error.ts';

/**
 * Runs a named statement that PostgreSQL parses once a connection. The connection goes back to the pool unless it may be
 * broken (the pool's own `query` would throw it away with every refused row).
 */
export async function runPrepared<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  name: string,
  text: string,
  values: unknown[],
): Promise<readonly Row[]> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query<Row>({ name, text, values });
    client.release();
    return rows;
  } catch (error) {
    client.release(databaseErrorKind(error) === 'connection');
    throw error;
  }
}
