import type { Pool } from 'pg';
import { inTransaction } from '@tongchou/event-store';

/** What a bus has acknowledged of one generation of an own topic. */
export interface Acknowledged {
  /** By partition. */
  readonly ends: readonly number[];
  /** Facts, those that were sent twice counted twice. */
  readonly facts: number;
}

/** Of this generation alone: ends on another bus, or in another life of the topic, say nothing about it. */
export async function acknowledged(pool: Pool, topic: string, generation: string): Promise<Acknowledged | undefined> {
  const { rows } = await pool.query<{ ends: string[]; facts: string }>(
    'select ends, facts from es.acknowledged where topic = $1 and generation = $2',
    [topic, generation],
  );
  return rows.map(({ ends, facts }) => ({ ends: ends.map(Number), facts: Number(facts) }))[0];
}

/** Notes what was acknowledged. Not waited for on disk: one that is lost in a crash only knows less. */
export async function acknowledge(
  pool: Pool,
  topic: string,
  generation: string,
  { ends, facts }: Acknowledged,
): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query('set local synchronous_commit = off');
    await client.query({
      name: 'es acknowledge',
      text: `insert into es.acknowledged (topic, generation, ends, facts) values ($1, $2, $3, $4)
             on conflict (topic, generation) do update set ends = excluded.ends, facts = excluded.facts`,
      values: [topic, generation, ends, facts],
    });
  });
}
