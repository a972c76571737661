import type { Trial } from './trial.ts';

/** Every promise that `npm run faults` tries, in the order in which it runs them. */
export const TRIALS: readonly Trial[] = [];
