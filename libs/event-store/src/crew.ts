import type { Stop } from './apply-facts.ts';
import type { Decode } from './decode-facts.ts';
import type { Cursor } from './difference.ts';
import type { FactsDatabase } from './facts-database.ts';
import type { AnyReadModel } from './fold.ts';
import type { Lease } from './leader.ts';
import type { Log } from './log.ts';
import type { Standing } from './model-claims.ts';
import type { Patience } from './transient.ts';

export interface RunOptions {
  readonly store: FactsDatabase;
  readonly models: readonly AnyReadModel[];
  readonly decode: Decode;
  readonly log: Log;
}

/** What one leader's work on read models shares. */
export interface Crew extends RunOptions {
  readonly epoch: number;
  readonly identity: string;
  readonly signal: AbortSignal;
  /** The models that advance together, and how far they are stored to be. */
  readonly live: { targets: Standing[]; saved: Cursor; watermarks: Readonly<Record<string, string>> };
  /** One at a time: whoever moves the live models' checkpoints. */
  turn<T>(work: () => Promise<T>): Promise<T>;
  patience(name: string): Patience;
  stopped(stop: Stop<Standing>): void;
}

function createTurns(): Crew['turn'] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
}

/** A crew that has nothing to do yet, at `saved`. */
export function createCrew(
  options: RunOptions,
  lease: Lease,
  at: { readonly identity: string; readonly saved: Cursor },
): Crew {
  const { log, store } = options;
  return {
    ...options,
    epoch: lease.epoch,
    signal: lease.signal,
    identity: at.identity,
    live: { targets: [], saved: at.saved, watermarks: {} },
    turn: createTurns(),
    patience: (name) => ({ log, name, signal: lease.signal }),
    stopped({ target, reason }) {
      log.error({ checkpoint: target.key.reader, reason }, 'a read model has stopped');
      store.wake.announce('folded');
    },
  };
}
