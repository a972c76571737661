import type { Snapshot } from './snapshot.ts';

/** A look at the clock: `at` was read first, then the locks of running transactions, then the snapshot. */
export interface Look {
  /** RFC 3339, UTC, microseconds, from the database's clock. */
  readonly at: string;
  /** The low 32 bits of the transactions that were running, as `pg_locks` shows them. */
  readonly running: readonly string[];
  readonly snapshot: Snapshot;
}

export interface ClosedInstants {
  look(look: Look): void;
  /** Everything visible in `base` has had its effect. */
  advance(base: Snapshot): void;
  /** Nothing recorded at or before it can still appear; `undefined` before the first one closed. */
  latest(): string | undefined;
  /** Counts a fact that appears after its instant was closed (the clock stepped). True when it is one. */
  isLate(recordedAt: string): boolean;
  /** How many were late. */
  lateFacts(): number;
}

/** Each look is one `statement_timestamp()` and the locks; the reader adds the snapshot that it takes afterwards. */
export const LOOK = /* sql */ `
select to_char(statement_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
  array(select transactionid::text from pg_locks
    where locktype = 'transactionid' and mode = 'ExclusiveLock' and granted) as running`;

const MOST_OPEN_LOOKS = 1_000;
const TWO_TO_32 = 1n << 32n;

/** The 64-bit id nearest to `near` whose low 32 bits these are. */
function widen(low: bigint, near: bigint): bigint {
  const wide = near - (near % TWO_TO_32) + low;
  if (wide > near + TWO_TO_32 / 2n) return wide - TWO_TO_32;
  return wide < near - TWO_TO_32 / 2n ? wide + TWO_TO_32 : wide;
}

/**
 * One past every transaction that had an id when the clock was read. The snapshot's `xmax` alone does not say that: it is
 * one past the last *ended* transaction, and running ones lie above it. Those are found by the lock that each holds on its
 * own id; one that ended after the locks were read lies below the later snapshot's `xmax`.
 */
function horizon({ running, snapshot }: Look): bigint {
  return running.reduce((highest, low) => {
    const next = widen(BigInt(low), snapshot.xmax) + 1n;
    return next > highest ? next : highest;
  }, snapshot.xmax);
}

/**
 * Follows up to when everything is complete: an append takes its transaction id before it reads the clock, so once every
 * transaction that had an id at an instant has ended in the reader's base, nothing recorded by that instant is missing.
 */
export function createClosedInstants(from?: string): ClosedInstants {
  let latest = from;
  let late = 0;
  let open: { at: string; horizon: bigint }[] = [];
  return {
    look(look) {
      open.push({ at: look.at, horizon: horizon(look) });
      if (open.length > MOST_OPEN_LOOKS) open = open.filter((_, index) => index % 2 === 1);
    },
    advance(base) {
      const closed = open.filter((look) => look.horizon <= base.xmin).map((look) => look.at);
      open = open.filter((look) => look.horizon > base.xmin);
      latest = closed.reduce((newest, at) => (newest === undefined || at > newest ? at : newest), latest);
    },
    latest: () => latest,
    isLate(recordedAt) {
      const isLate = latest !== undefined && recordedAt <= latest;
      if (isLate) late += 1;
      return isLate;
    },
    lateFacts: () => late,
  };
}
