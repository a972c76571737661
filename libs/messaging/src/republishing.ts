import { randomUUID } from 'node:crypto';
import { topicOf } from '@tongchou/contracts';
import type { FactsDatabase } from '@tongchou/event-store';
import type { Pool } from 'pg';
import { acknowledged } from './acknowledged.ts';
import type { Bus } from './bus.ts';
import { cursorOf } from './relay-messages.ts';

/** How far the last wish to publish the whole store again has come. */
export interface Republishing {
  readonly topic: string;
  readonly wish: string;
  /** The new generation; absent while the leading relay has not begun it. */
  readonly generation?: string;
  /** Facts of that generation which the bus has acknowledged. */
  readonly published: number;
  /** Everything that the store held when the generation began is on the topic. */
  readonly done: boolean;
}

/**
 * Wishes that the whole store is published again, in a new generation. Any instance may: the wish lies in the store, where
 * the leading relay finds it within a second, or the next one that leads. Answers the wish, and how many facts there are.
 */
export async function askToRepublish(store: FactsDatabase): Promise<{ wish: string; facts: number }> {
  const wish = randomUUID();
  await store.pool.query(
    `insert into es.republishing (topic, wish) values ($1, $2)
     on conflict (topic) do update set wish = excluded.wish, asked_at = clock_timestamp(), generation = null`,
    [topicOf(store.service), wish],
  );
  store.wake.announce('facts');
  const { rows } = await store.pool.query<{ facts: string }>(
    'select coalesce(sum(version), 0) as facts from es.streams',
  );
  return { wish, facts: Number(rows[0]?.facts ?? 0) };
}

/** The wish that no generation answers yet. */
export async function openWish(pool: Pool, topic: string): Promise<string | undefined> {
  const { rows } = await pool.query<{ wish: string }>({
    name: 'es open wish',
    text: 'select wish from es.republishing where topic = $1 and generation is null',
    values: [topic],
  });
  return rows[0]?.wish;
}

/** Only that wish: one that came later still stands. */
export async function answerWish(pool: Pool, topic: string, wish: string, generation: string): Promise<undefined> {
  await pool.query('update es.republishing set generation = $3 where topic = $1 and wish = $2', [
    topic,
    wish,
    generation,
  ]);
}

/** How far the last wish has come, told by any instance; `undefined` when there was none. */
export async function republishing(
  store: Pick<FactsDatabase, 'pool' | 'service'>,
  bus: Pick<Bus, 'checkpoint'>,
): Promise<Republishing | undefined> {
  const topic = topicOf(store.service);
  const { rows } = await store.pool.query<{ wish: string; generation: string | null }>(
    'select wish, generation from es.republishing where topic = $1',
    [topic],
  );
  const [row] = rows;
  if (!row) return undefined;
  if (row.generation === null) return { topic, wish: row.wish, published: 0, done: false };
  const kept = await bus.checkpoint(topic);
  // A generation that came after it was begun from the start as well: that one counts.
  const generation = kept?.generation ?? row.generation;
  const published = (await acknowledged(store.pool, topic, generation))?.facts ?? 0;
  const done = kept !== undefined && cursorOf(kept.cursor).paging === undefined;
  return { topic, wish: row.wish, generation, published, done };
}
