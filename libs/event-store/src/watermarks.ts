import type pg from 'pg';
import type { Snapshot } from './snapshot.ts';

/** Partitions of a topic: a source is known up to the least of their watermarks. */
const PARTITIONS = 12;

/**
 * Per source, up to when everything is received as of this snapshot; RFC 3339. A source is left out while not all of its
 * partitions have told, or one of their rows changed after the snapshot: its facts may not be in it.
 */
export async function readWatermarks(db: Pick<pg.Pool, 'query'>, base: Snapshot): Promise<Record<string, string>> {
  const { rows } = await db.query<{ source: string; instant: string }>({
    name: 'es watermarks',
    text: `select source, to_char(min(instant) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as instant
      from es.watermarks group by source
      having count(*) >= $2 and bool_and(pg_visible_in_snapshot(xid, $1::pg_snapshot))`,
    values: [base.text, PARTITIONS],
  });
  return Object.fromEntries(rows.map(({ source, instant }) => [source, instant]));
}
