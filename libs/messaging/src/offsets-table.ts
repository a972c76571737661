import type { Pool, PoolClient } from 'pg';
import type { BusPlace } from './parked-table.ts';

/** Another instance moved the offset while this one worked: nothing of the work may stay. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/** The next offset whose effect is missing; its row is held until the transaction ends. */
export async function lockOffset(client: PoolClient, place: BusPlace): Promise<number> {
  const values = [place.generation, place.topic, place.partition];
  const text = `select next_offset from es.offsets where generation = $1 and topic = $2 and partition = $3 for update`;
  const held = await client.query<{ next_offset: string }>({ name: 'offsets-lock', text, values });
  if (held.rows[0]) return Number(held.rows[0].next_offset);
  await client.query(
    `insert into es.offsets (generation, topic, partition, next_offset) values ($1, $2, $3, 0) on conflict do nothing`,
    values,
  );
  const { rows } = await client.query<{ next_offset: string }>(text, values);
  return Number(rows[0]?.next_offset ?? 0);
}

/** Only from where it was locked: a process that slept through its own end must not repeat its effect. */
export async function moveOffset(client: PoolClient, place: BusPlace, from: number, to: number): Promise<void> {
  const { rowCount } = await client.query({
    name: 'offsets-move',
    text: `update es.offsets set next_offset = $5
            where generation = $1 and topic = $2 and partition = $3 and next_offset = $4`,
    values: [place.generation, place.topic, place.partition, from, to],
  });
  if (rowCount !== 1) throw new Overtaken(`Offset ${from} of ${place.topic}/${place.partition} was moved meanwhile`);
}

/** Where reading a partition goes on: behind the furthest effect of any of its topic's generations. */
export async function furthestOffset(pool: Pool, topic: string, partition: number): Promise<number | undefined> {
  const { rows } = await pool.query<{ furthest: string | null }>(
    'select max(next_offset) as furthest from es.offsets where topic = $1 and partition = $2',
    [topic, partition],
  );
  const furthest = rows[0]?.furthest;
  return furthest === null || furthest === undefined ? undefined : Number(furthest);
}
