import type pg from 'pg';
import type { FactsDatabase } from './facts-database.ts';
import type { Log } from './log.ts';
import { rest } from './transient.ts';

/** How far the clocks of this process and of its database are apart. */
export interface ClockStatus {
  /** Milliseconds that the database's clock is certainly ahead of this one; below zero: behind. `undefined` = not known. */
  readonly aheadMs?: number;
  /** What is wrong, and what to do. */
  readonly alarm?: string;
}

export interface ClockWatch {
  status(): ClockStatus;
  stop(): Promise<void>;
}

export interface ClockWatchOptions {
  readonly store: Pick<FactsDatabase, 'pool'>;
  readonly log: Log;
  readonly everyMs?: number;
}

const EVERY_MS = 3_000;
const MOST_MS = 2_000;

/** The difference that no delay of the question or the answer explains. */
export async function clockDifference(pool: Pick<pg.Pool, 'query'>): Promise<number> {
  const asked = Date.now();
  const { rows } = await pool.query<{ ms: number }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
  );
  const answered = Date.now();
  const theirs = rows[0]?.ms ?? asked;
  if (theirs < asked) return Math.round(theirs - asked);
  return theirs > answered ? Math.round(theirs - answered) : 0;
}

const alarmOf = (aheadMs: number): string | undefined =>
  Math.abs(aheadMs) <= MOST_MS
    ? undefined
    : `the clock of the database is ${(Math.abs(aheadMs) / 1_000).toFixed(0)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} ` +
      'the one of this process: let both follow the same time server (NTP)';

/** Compares the clocks every few seconds. Nothing that is kept in order depends on them; people and time limits do. */
export function watchClock({ store, log, everyMs = EVERY_MS }: ClockWatchOptions): ClockWatch {
  const stopping = new AbortController();
  let status: ClockStatus = {};
  const look = async (): Promise<void> => {
    const aheadMs = await clockDifference(store.pool);
    const alarm = alarmOf(aheadMs);
    if (alarm !== undefined && status.alarm === undefined) log.error({ aheadMs }, alarm);
    if (alarm === undefined && status.alarm !== undefined) log.info({ aheadMs }, 'the clocks agree again');
    status = { aheadMs, ...(alarm !== undefined && { alarm }) };
  };
  const watch = async (): Promise<void> => {
    for (; !stopping.signal.aborted; await rest(everyMs, stopping.signal)) await look().catch(() => (status = {}));
  };
  const watching = watch();
  return {
    status: () => status,
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}
