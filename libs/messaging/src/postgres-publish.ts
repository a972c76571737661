import { binaryArray, inTransaction } from '@tongchou/event-store';
import type { Pool, PoolClient } from 'pg';
import type { CheckpointStep, OutgoingMessage } from './bus.ts';
import { moveCheckpoint } from './checkpoint-table.ts';
import { partitionFor } from './partition.ts';

/** Locks the partitions in order; held to commit, so that offsets become visible without gaps. */
async function lockEnds(
  client: PoolClient,
  topic: string,
  partitions: readonly number[],
): Promise<Map<number, number>> {
  const wanted = [...new Set(partitions)];
  const { rows } = await client.query<{ partition: number; next_offset: string }>(
    `select partition, next_offset from bus.parts where topic = $1 and partition = any($2)
      order by partition for update`,
    [topic, wanted],
  );
  if (rows.length !== wanted.length) throw new Error(`Topic ${topic} lacks partitions: open it before publishing`);
  return new Map(rows.map((row) => [row.partition, Number(row.next_offset)]));
}

interface Placed extends OutgoingMessage {
  readonly partition: number;
  readonly offset: number;
}

async function write(client: PoolClient, topic: string, placed: readonly Placed[]): Promise<void> {
  await client.query(
    `insert into bus.log (topic, partition, "offset", key, headers, value, ephemeral)
     select $1, m.partition, m.place, m.key, m.headers, m.value, m.ephemeral
       from unnest($2::integer[], $3::bigint[], $4::bytea[], $5::jsonb[], $6::bytea[], $7::boolean[])
         as m (partition, place, key, headers, value, ephemeral)`,
    [
      topic,
      binaryArray.int4(placed.map(({ partition }) => partition)),
      binaryArray.int8(placed.map(({ offset }) => offset)),
      binaryArray.bytea(placed.map(({ key }) => (key === null ? null : Buffer.from(key)))),
      binaryArray.jsonb(placed.map(({ headers }) => JSON.stringify(headers))),
      binaryArray.bytea(placed.map(({ value }) => value)),
      binaryArray.bool(placed.map(({ ephemeral }) => ephemeral ?? false)),
    ],
  );
}

async function moveEnds(client: PoolClient, topic: string, ends: ReadonlyMap<number, number>): Promise<void> {
  await client.query(
    `update bus.parts p set next_offset = e.next_offset
       from unnest($2::integer[], $3::bigint[]) as e (partition, next_offset)
      where p.topic = $1 and p.partition = e.partition`,
    [topic, [...ends.keys()], [...ends.values()]],
  );
}

/** Messages, ends and checkpoint in one transaction of the bus's database; answers the new ends. */
export function publishWithCheckpoint(
  pool: Pool,
  topic: string,
  messages: readonly OutgoingMessage[],
  step: CheckpointStep,
): Promise<ReadonlyMap<number, number>> {
  const bound = messages.map((message) => ({ ...message, partition: partitionFor(message) }));
  return inTransaction(pool, async (client) => {
    await moveCheckpoint(client, 'bus.checkpoints', topic, step);
    if (bound.length === 0) return new Map<number, number>();
    const ends = await lockEnds(
      client,
      topic,
      bound.map(({ partition }) => partition),
    );
    const placed = bound.map((message) => {
      const offset = ends.get(message.partition) ?? 0;
      ends.set(message.partition, offset + 1);
      return { ...message, offset };
    });
    await write(client, topic, placed);
    await moveEnds(client, topic, ends);
    return ends;
  });
}
