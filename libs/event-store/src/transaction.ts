import type { Pool, PoolClient } from 'pg';

/** Runs `work` in one transaction: all of it or nothing. A connection whose rollback fails is thrown away. */
export async function inTransaction<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  // A backend that dies while checked out also fails the query under way, which tells the caller.
  const ignore = (): void => {};
  client.on('error', ignore);
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((fault: Error) => (broken = fault));
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
}
