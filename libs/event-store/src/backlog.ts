import type pg from 'pg';
import type { Cursor, FactTable } from './difference.ts';

/** What a reader has still before it. */
export interface Backlog {
  /** Exact up to 10,000; above, and while a large difference is paged through, at most so many: positions have gaps. */
  readonly facts: number;
  /** How long the oldest of them has been in this store; 0 when there is none. */
  readonly oldestSeconds: number;
}

const COUNTED = 10_000;
const ARRIVED = { events: 'recorded_at', received: 'received_at' } as const;

/** The first rows behind a base, by the index on xid: what an exact count needs, however much there is. */
const first = (table: FactTable): string => /* sql */ `
  (select position, ${ARRIVED[table]} as at from es.${table} where xid >= $1::xid8 order by xid limit ${COUNTED + 1})
  union all (select position, ${ARRIVED[table]} from es.${table} where xid = any($2::xid8[]))`;

/** The next row of a difference that is paged through; how many follow, its position tells. */
const next = (table: FactTable): string => /* sql */ `
  (select position, ${ARRIVED[table]} as at from es.${table} where position > $1 order by position limit 1)`;

interface BacklogRow {
  readonly seen: number;
  readonly between: string;
  readonly oldest: number;
}

/** What became visible since `cursor`. Costs an index scan of 10,000 rows at most, whatever the size of the tables. */
export async function readBacklog(
  db: Pick<pg.Pool, 'query'>,
  { base, paging }: Cursor,
  tables: readonly FactTable[],
): Promise<Backlog> {
  const rest = tables.map(paging ? next : first).join(' union all ');
  const ends = tables.map((table) => `(select max(position) from es.${table})`).join();
  const { rows } = await db.query<BacklogRow>(
    `select count(*)::integer as seen, coalesce(greatest(${ends}) - min(position) + 1, 0) as between,
       greatest(0, coalesce(extract(epoch from clock_timestamp() - min(at)), 0))::float8 as oldest
     from (${rest}) as waiting`,
    paging ? [paging.after] : [String(base.xmax), base.running.map(String)],
  );
  const { seen = 0, between = '0', oldest = 0 } = rows[0] ?? {};
  return { facts: paging || seen > COUNTED ? Number(between) : seen, oldestSeconds: oldest };
}
