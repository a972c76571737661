import type { Sweep } from '@tongchou/event-store';
import type { Pool } from 'pg';

const ROWS_AT_ONCE = 200;

/** The earlier of two clocks decides, so that one that runs ahead removes nothing too early. */
const REMOVE = /* sql */ `
delete from es.parked where id = any(array(
  select id from es.parked
   where released_at < least(clock_timestamp(), $1::timestamptz) - $2 * interval '1 millisecond' limit ${ROWS_AT_ONCE}))`;

/** Parked messages that were released or given up longer than `keptMs` ago. What still waits is never removed. */
export const releasedParked = (pool: Pick<Pool, 'query'>, keptMs: number): Sweep => ({
  name: 'parked messages',
  async remove(signal) {
    let removed = 0;
    while (!signal.aborted) {
      const { rowCount } = await pool.query(REMOVE, [new Date(), keptMs]);
      removed += rowCount ?? 0;
      if ((rowCount ?? 0) < ROWS_AT_ONCE) break;
    }
    return removed;
  },
});
