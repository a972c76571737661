import type { Turn } from './run-trial.ts';
import type { BusKind, Trial } from './trial.ts';

/** Of the smoke set, when none is given. */
export const SMOKE_SEEDS = [1, 2, 3] as const;

export interface Wish {
  readonly buses: readonly BusKind[];
  /** Given by a person: then every trial runs with it alone. */
  readonly seed?: number;
  readonly full: boolean;
}

/** What is run, in order: all of one bus, then all of the other, so that a slow trial's seeds take turns. */
export function turnsOf(trials: readonly Trial[], { buses, seed, full }: Wish): Turn[] {
  const seeds = seed === undefined ? (full ? [1] : SMOKE_SEEDS) : [seed];
  return buses.flatMap((bus, at) =>
    trials.flatMap((trial, nth) => {
      if (!trial.bus && at > 0) return [];
      const elsewhere = !full && buses.length > 1 && trial.smokeBus !== undefined && trial.smokeBus !== bus;
      if (elsewhere) return [];
      const own = trial.slow ? [seeds[(nth + at) % seeds.length] ?? 1] : seeds;
      return own.map((one) => ({ trial, bus, seed: one }));
    }),
  );
}
