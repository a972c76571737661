import { topicOf } from '@tongchou/contracts';
import type { Pool } from 'pg';

/** How far one source's messages have had their effect here, over all instances. */
export interface ReceivedSoFar {
  readonly source: string;
  /** The next offset of each partition. */
  readonly next: readonly number[];
  /** Since when facts of it may be missing here, in seconds; `undefined` until all its partitions have told. */
  readonly lagSeconds: number | undefined;
}

/** A topic that was made anew counts from 0 again: the row that moved last is of the generation that is read now. */
const OFFSETS = /* sql */ `
  select distinct on (topic, partition) topic, partition, next_offset::float8 as next from es.offsets
  where topic = any($1::text[]) order by topic, partition, age(xmin)`;

const LAGS = /* sql */ `
  select source, greatest(0, extract(epoch from clock_timestamp() - min(instant)))::float8 as lag
  from es.watermarks where source = any($1::text[]) group by source having count(*) >= $2`;

interface OffsetRow {
  readonly topic: string;
  readonly partition: number;
  readonly next: number;
}

export async function readReceived(
  pool: Pick<Pool, 'query'>,
  sources: readonly string[],
  partitions: number,
): Promise<readonly ReceivedSoFar[]> {
  if (sources.length === 0) return [];
  const [offsets, lags] = await Promise.all([
    pool.query<OffsetRow>(OFFSETS, [sources.map(topicOf)]),
    pool.query<{ source: string; lag: number }>(LAGS, [sources, partitions]),
  ]);
  return sources.map((source) => {
    const of = new Map(
      offsets.rows.filter(({ topic }) => topic === topicOf(source)).map((row) => [row.partition, row.next]),
    );
    return {
      source,
      next: Array.from({ length: partitions }, (_, partition) => of.get(partition) ?? 0),
      lagSeconds: lags.rows.find((row) => row.source === source)?.lag,
    };
  });
}

/** Messages of a topic that have had no effect yet, watermarks among them. */
export const messagesBehind = (ends: readonly number[], next: readonly number[]): number =>
  ends.reduce((sum, end, partition) => sum + Math.max(0, end - (next[partition] ?? 0)), 0);
