import type { FactsDatabase } from './facts-database.ts';
import { lead, type LeaderTiming, type Lease } from './leader.ts';
import type { Log } from './log.ts';
import { rest } from './transient.ts';

/** Something that is kept for a while only. */
export interface Sweep {
  /** What it removes, e.g. `command keys`. */
  readonly name: string;
  /** Removes what is too old, a little at a time, until nothing is left or `signal` aborts. Answers how many. */
  remove(signal: AbortSignal): Promise<number>;
}

export interface RetentionOptions {
  readonly store: FactsDatabase;
  readonly sweeps: readonly Sweep[];
  readonly log: Log;
  /** How long it rests between two rounds; an hour when not given. */
  readonly everyMs?: number;
  readonly timing?: Partial<LeaderTiming>;
}

export interface SweepStatus {
  readonly name: string;
  /** How many this instance has removed. */
  readonly removed: number;
  /** Why the last round failed; the next one tries again. */
  readonly trouble?: string;
}

export interface Retention {
  status(): { readonly leading: boolean; readonly sweeps: readonly SweepStatus[] };
  /** Ends after the piece under way. */
  stop(): Promise<void>;
}

const EVERY_MS = 3_600_000;
/** Nobody waits for it, so those that do not lead ask seldom; PostgreSQL ends a session that is silent for ten seconds. */
const SELDOM_MS = 5_000;

interface Told {
  removed: number;
  trouble?: string;
}

async function runSweep(sweep: Sweep, told: Told, log: Log, signal: AbortSignal): Promise<void> {
  try {
    const removed = await sweep.remove(signal);
    told.removed += removed;
    delete told.trouble;
    if (removed > 0) log.info({ what: sweep.name, removed }, 'what was kept long enough is removed');
  } catch (error) {
    told.trouble = String(error);
    log.warn({ what: sweep.name, err: error }, 'what was kept long enough stays a while');
  }
}

/** Removes what is kept for a while only, round after round; one instance of the service does, another takes over. */
export function startRetention(options: RetentionOptions): Retention {
  const { store, sweeps, log, everyMs = EVERY_MS, timing } = options;
  const told = new Map(sweeps.map((sweep): [Sweep, Told] => [sweep, { removed: 0 }]));
  const onLead = async ({ signal }: Lease): Promise<void> => {
    while (!signal.aborted) {
      for (const [sweep, figures] of told) if (!signal.aborted) await runSweep(sweep, figures, log, signal);
      await rest(everyMs, signal);
    }
  };
  const leadership = lead({ store, name: 'retention', log, onLead, timing: { retryMs: SELDOM_MS, ...timing } });
  return {
    status: () => ({
      leading: leadership.leading(),
      sweeps: [...told].map(([{ name }, figures]) => ({ name, ...figures })),
    }),
    stop: () => leadership.stop(),
  };
}
