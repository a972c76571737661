import { p1 } from './p01-acknowledged.ts';
import { p2 } from './p02-unanswered.ts';
import { p3 } from './p03-every-event.ts';
import { p4 } from './p04-effects-once.ts';
import { p5 } from './p05-order.ts';
import { p6 } from './p06-rebuild.ts';
import { p16 } from './p16-recovery.ts';
import { p17 } from './p17-clean-stop.ts';
import { p18 } from './p18-one-part-down.ts';
import { p7 } from './p07-old-history.ts';
import { p14 } from './p14-poison.ts';
import { p26 } from './p26-many-starters.ts';
import { p15 } from './p15-no-silent-death.ts';
import { p25 } from './p25-wrong-clocks.ts';
import type { Trial } from './trial.ts';

/** Every promise that `npm run faults` tries, in the order in which it runs them. */
export const TRIALS: readonly Trial[] = [p1, p2, p3, p4, p5, p6, p7, p14, p15, p16, p17, p18, p25, p26];
