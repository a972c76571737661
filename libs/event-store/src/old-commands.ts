import type pg from 'pg';
import type { Sweep } from './retention.ts';
import { rest } from './transient.ts';

/** One mebibyte: some thousand rows at most, locked for some milliseconds. */
const PAGES_AT_ONCE = 128;
const BETWEEN_PIECES_MS = 50;

/**
 * The earlier of two clocks decides: one that runs ahead must not remove keys that are still awaited. No order and no
 * index: the table is walked once, page by page, so that appends need not keep an index for this alone.
 */
const REMOVE = /* sql */ `
delete from es.commands where ctid >= $1::tid and ctid < $2::tid
   and recorded_at < least(clock_timestamp(), $3::timestamptz) - $4 * interval '1 millisecond'`;

async function pagesOf(pool: Pick<pg.Pool, 'query'>): Promise<number> {
  const { rows } = await pool.query<{ pages: number }>(
    `select (pg_relation_size('es.commands') / current_setting('block_size')::int)::int as pages`,
  );
  return rows[0]?.pages ?? 0;
}

/**
 * Outcomes of commands older than `keptMs`: a command that comes again after that is a new command, decided on the state
 * of its stream as it is then.
 */
export const oldCommands = (pool: Pick<pg.Pool, 'query'>, keptMs: number): Sweep => ({
  name: 'command keys',
  async remove(signal) {
    const pages = await pagesOf(pool);
    let removed = 0;
    for (let page = 0; page < pages && !signal.aborted; page += PAGES_AT_ONCE) {
      const place = [`(${page},0)`, `(${page + PAGES_AT_ONCE},0)`];
      const { rowCount } = await pool.query(REMOVE, [...place, new Date(), keptMs]);
      removed += rowCount ?? 0;
      if (page + PAGES_AT_ONCE < pages) await rest(BETWEEN_PIECES_MS, signal);
    }
    return removed;
  },
});
