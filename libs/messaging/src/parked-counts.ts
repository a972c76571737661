import type { Pool } from 'pg';

export interface ParkedCount {
  readonly source: string;
  readonly streams: number;
  /** With those that name no stream. */
  readonly messages: number;
}

const COUNTED = 10_000;

/** What waits of each of these sources; of more than 10,000 messages, so many are counted. */
export async function countParked(
  pool: Pick<Pool, 'query'>,
  sources: readonly string[],
): Promise<readonly ParkedCount[]> {
  const { rows } = await pool.query<ParkedCount>(
    `select source, count(distinct stream_id)::integer as streams, count(*)::integer as messages
     from (select source, stream_id from es.parked where released_at is null limit ${COUNTED}) as waiting group by source`,
  );
  return sources.map((source) => rows.find((row) => row.source === source) ?? { source, streams: 0, messages: 0 });
}
