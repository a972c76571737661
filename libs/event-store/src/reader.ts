import { performance } from 'node:perf_hooks';
import { createClosedInstants, LOOK, type Look } from './closed-instants.ts';
import { currentSnapshot, type Cursor, type Difference, type FactTable, readDifference } from './difference.ts';
import type { FactsDatabase } from './facts-database.ts';
import type { Log } from './log.ts';
import type { Snapshot } from './snapshot.ts';
import { StoreRestored } from './store-identity.ts';

export interface ReaderOptions {
  readonly store: FactsDatabase;
  /** Names the reader in logs and errors. */
  readonly name: string;
  readonly from: Cursor;
  readonly tables: readonly FactTable[];
  readonly log: Log;
  /** Facts a difference holds at most. */
  readonly pageSize?: number;
  /** An instant known to be closed already, from the checkpoint: closed instants never go back. */
  readonly closedFrom?: string;
}

export interface Reader {
  /** What has had its effect, including what an idle reader passed in memory. */
  cursor(): Cursor;
  /**
   * The next facts. Waits for some up to `withinMs`, woken by commits and by polling; an empty difference afterwards, or
   * when `signal` aborts.
   *
   * @throws StoreRestored when the database is older than the cursor.
   */
  next(withinMs: number, signal: AbortSignal): Promise<Difference>;
  /** Says that these facts have had their effect, so that the reader goes on behind them. */
  done(difference: Difference): void;
  /** No own event recorded at or before it can still appear; RFC 3339, `undefined` before the first one. */
  closedInstant(): string | undefined;
  /** Own events that appeared after their instant was closed. */
  lateFacts(): number;
  close(): void;
}

const PAGE_SIZE = 2_000;
const POLL_MS = { first: 5, most: 50 };
const LOOK_EVERY_MS = 200;

/** The clock first, then the locks, then the snapshot: two statements, or the snapshot would be the oldest of the three. */
async function takeLook(store: FactsDatabase): Promise<Look> {
  const { rows } = await store.pool.query<Omit<Look, 'snapshot'>>(LOOK);
  const snapshot = await currentSnapshot(store.pool);
  return { at: rows[0]?.at ?? '', running: rows[0]?.running ?? [], snapshot };
}

/**
 * Reads own events, received facts or both without gaps by the difference of snapshots. It only reads: whoever applies the
 * facts stores the cursor in the same transaction, and calls `done` after the commit.
 */
export function createReader(options: ReaderOptions): Reader {
  const { store, tables } = options;
  const reading = { service: store.service, tables, pageSize: options.pageSize ?? PAGE_SIZE };
  const instants = createClosedInstants(options.closedFrom);
  const ear = store.wake.listen('facts');
  let cursor = options.from;
  let lookedAt = -Infinity;

  const snapshotNow = async (): Promise<Snapshot> => {
    if (performance.now() - lookedAt < LOOK_EVERY_MS) return currentSnapshot(store.pool);
    lookedAt = performance.now();
    const look = await takeLook(store);
    instants.look(look);
    return look.snapshot;
  };

  const advance = (to: Cursor): void => {
    cursor = to;
    if (!to.paging) instants.advance(to.base);
  };

  const poll = async (): Promise<Difference> => {
    const target = cursor.paging?.target ?? (await snapshotNow());
    if (target.xmax < cursor.base.xmax) throw new StoreRestored(options.name, store.service);
    const difference = await readDifference(store.pool, cursor, target, reading);
    if (difference.facts.length === 0) advance(difference.to);
    return difference;
  };

  const countLate = ({ facts }: Difference): void => {
    const late = facts.filter((fact) => fact.own && instants.isLate(fact.recordedAt)).map((fact) => fact.eventId);
    if (late.length === 0) return;
    const detail = { reader: options.name, late: late.length, first: late[0], closed: instants.latest() };
    options.log.error(
      detail,
      'events were recorded before an instant already closed: the clock of the database stepped',
    );
  };

  return {
    cursor: () => cursor,
    async next(withinMs, signal) {
      const end = performance.now() + withinMs;
      for (let waitMs = POLL_MS.first; ; waitMs = Math.min(waitMs * 2, POLL_MS.most)) {
        const difference = await poll();
        const leftMs = end - performance.now();
        if (difference.facts.length > 0 || leftMs <= 0 || signal.aborted) return difference;
        if (await ear.wait(Math.min(waitMs, leftMs), signal)) waitMs = POLL_MS.first;
      }
    },
    done(difference) {
      countLate(difference);
      advance(difference.to);
    },
    closedInstant: () => instants.latest(),
    lateFacts: () => instants.lateFacts(),
    close: () => ear.close(),
  };
}
