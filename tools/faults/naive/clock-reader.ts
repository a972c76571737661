import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import type { Place } from '../check-clocks.ts';

const PAGE = 500;
const EVERY_MS = 20;

export interface ClockReader {
  readonly read: readonly Place[];
  stop(): Promise<void>;
}

/** Reads what was recorded after the last that it has read, as if clocks told an order. */
export function readByClock(pool: pg.Pool): ClockReader {
  const read: Place[] = [];
  let after = '-infinity';
  let over = false;
  const next = async (): Promise<void> => {
    const { rows } = await pool.query<Place & { recorded_at: string }>(
      `select stream_id as stream, version::int as version, recorded_at::text as recorded_at from es.events
        where recorded_at > $1::timestamptz order by recorded_at limit ${PAGE}`,
      [after],
    );
    read.push(...rows.map(({ stream, version }) => ({ stream, version })));
    after = rows.at(-1)?.recorded_at ?? after;
  };
  const reading = (async () => {
    for (; !over; await pause(EVERY_MS)) await next().catch(() => undefined);
  })();
  return {
    read,
    async stop() {
      over = true;
      await reading;
    },
  };
}
