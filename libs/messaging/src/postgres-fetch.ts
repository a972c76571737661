import type { Pool } from 'pg';
import { createTopic } from './postgres-bus-schema.ts';
import type { IncomingMessage } from './bus.ts';
import type { PartitionName } from './postgres-membership.ts';

const MOST_MESSAGES = 500;
const MOST_BYTES = 8 * 1024 * 1024;

/** What a partition holds: from `first` on nothing but passed watermarks has been removed, `end` is the next offset. */
export interface PartitionRange extends PartitionName {
  readonly first: number;
  readonly end: number;
}

export async function readRanges(pool: Pool, topics: readonly string[]): Promise<PartitionRange[]> {
  const { rows } = await pool.query<PartitionName & { first_offset: string; next_offset: string }>({
    name: 'bus-ranges',
    text: `select topic, partition, first_offset, next_offset from bus.parts where topic = any($1)
            order by topic, partition`,
    values: [topics],
  });
  return rows.map(({ topic, partition, first_offset, next_offset }) => ({
    topic,
    partition,
    first: Number(first_offset),
    end: Number(next_offset),
  }));
}

interface LogRow {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly headers: Record<string, string>;
  readonly value: Buffer | null;
}

/** The next messages from `position`, at most 500 or 8 MB of them, but always one where there is one. */
export async function fetchMessages(
  pool: Pool,
  { topic, partition, end }: PartitionRange,
  position: number,
): Promise<IncomingMessage[]> {
  const { rows } = await pool.query<LogRow>({
    name: 'bus-fetch',
    text: `select "offset", key, headers, value from (
             select "offset", key, headers, value, row_number() over w as n,
                    sum(coalesce(octet_length(value), 0) + 500) over w as bytes
               from (select * from bus.log
                      where topic = $1 and partition = $2 and "offset" >= $3 and "offset" < $4
                      order by "offset" limit ${MOST_MESSAGES}) as page
             window w as (order by "offset")) as measured
           where n = 1 or bytes <= ${MOST_BYTES} order by "offset"`,
    values: [topic, partition, position, end],
  });
  return rows.map(({ offset, key, headers, value }) => ({ offset: Number(offset), key, headers, value }));
}

/** What the partitions hold from these offsets to their present ends. */
export async function readTopic(
  pool: Pool,
  topic: string,
  from: readonly number[],
  take: (messages: readonly IncomingMessage[]) => Promise<void>,
): Promise<void> {
  for (const range of await readRanges(pool, [topic])) {
    for (let at: number | undefined = Math.max(range.first, from[range.partition] ?? 0); at !== undefined;) {
      const messages: IncomingMessage[] = at < range.end ? await fetchMessages(pool, range, at) : [];
      if (messages.length > 0) await take(messages);
      const last = messages.at(-1);
      at = last && last.offset + 1;
    }
  }
}

/** Makes the group known, so that nothing it has not read is removed. */
export async function registerGroup(pool: Pool, group: string, topics: readonly string[]): Promise<void> {
  for (const topic of topics) await createTopic(pool, topic);
  await pool.query(
    `insert into bus.progress ("group", topic, partition)
     select $1, topic, partition from bus.parts where topic = any($2) on conflict do nothing`,
    [group, topics],
  );
}

export async function readHints(pool: Pool, group: string, topics: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await pool.query<PartitionName & { next_offset: string }>(
    'select topic, partition, next_offset from bus.progress where "group" = $1 and topic = any($2)',
    [group, topics],
  );
  return new Map(rows.map((row) => [nameOf(row), Number(row.next_offset)]));
}

export const nameOf = ({ topic, partition }: PartitionName): string => `${topic}/${partition}`;
