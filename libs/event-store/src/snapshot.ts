/** A `pg_snapshot`: which transactions had ended when it was taken. */
export interface Snapshot {
  /** As PostgreSQL writes it, `xmin:xmax:xip,...`. */
  readonly text: string;
  /** Every transaction below it had ended. */
  readonly xmin: bigint;
  /** One past the highest transaction that had ended; running ones may lie above it. */
  readonly xmax: bigint;
  /** Those below `xmax` that were still running. */
  readonly running: readonly bigint[];
}

/** Reads PostgreSQL's text form. */
export function parseSnapshot(text: string): Snapshot {
  const [xmin = '', xmax = '', running = ''] = text.split(':');
  if (!/^\d+:\d+:[\d,]*$/.test(text)) throw new RangeError(`Not a pg_snapshot: ${text}`);
  return {
    text,
    xmin: BigInt(xmin),
    xmax: BigInt(xmax),
    running: running === '' ? [] : running.split(',').map(BigInt),
  };
}

/** Nothing is visible in it: 3 is the first transaction that a PostgreSQL cluster hands out. */
export const BEFORE_EVERYTHING: Snapshot = parseSnapshot('3:3:');

/** True when the transaction had ended, so that its rows, if it committed, are seen. */
export function isVisible(snapshot: Snapshot, xid: bigint): boolean {
  return xid < snapshot.xmax && !snapshot.running.includes(xid);
}

/** Orders the snapshots that one reader has had: negative when `a` is the earlier one. */
export function compareSnapshots(a: Snapshot, b: Snapshot): number {
  if (a.xmax !== b.xmax) return a.xmax < b.xmax ? -1 : 1;
  if (a.xmin !== b.xmin) return a.xmin < b.xmin ? -1 : 1;
  return b.running.length - a.running.length;
}
