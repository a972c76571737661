import { p1 } from './p01-acknowledged.ts';
import { p2 } from './p02-unanswered.ts';
import { p3 } from './p03-every-event.ts';
import { p4 } from './p04-effects-once.ts';
import { p5 } from './p05-order.ts';
import type { Trial } from './trial.ts';

/** Every promise that `npm run faults` tries, in the order in which it runs them. */
export const TRIALS: readonly Trial[] = [p1, p2, p3, p4, p5];
