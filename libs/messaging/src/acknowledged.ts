import type { Pool } from 'pg';
import { inTransaction } from '@tongchou/event-store';

/** The ends of an own topic as the bus last acknowledged them, by partition. */
export async function acknowledgedEnds(pool: Pool, topic: string): Promise<readonly number[] | undefined> {
  const { rows } = await pool.query<{ ends: string[] }>('select ends from es.acknowledged where topic = $1', [topic]);
  return rows[0]?.ends.map(Number);
}

/** Notes what was acknowledged. Not waited for on disk: one that is lost in a crash only knows less. */
export async function acknowledge(
  pool: Pool,
  topic: string,
  generation: string,
  ends: readonly number[],
): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query('set local synchronous_commit = off');
    await client.query({
      name: 'es acknowledge',
      text: `insert into es.acknowledged (topic, generation, ends) values ($1, $2, $3)
             on conflict (topic) do update set generation = excluded.generation, ends = excluded.ends`,
      values: [topic, generation, ends],
    });
  });
}
