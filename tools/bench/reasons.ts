import type { Reasons } from './report.ts';

const THREE_ROWS = 'it writes three rows where a bare insert writes one; what each of them costs stands below';

/** Why a figure misses its bar, as far as somebody found out; read only where it misses. */
export const REASONS: Reasons = {
  'engine over emmett, 16 callers':
    'the bar comes from a machine where Emmett reached 2,100 events/s and the engine 12,000; where a commit costs well under a millisecond, sharing commits saves less, and Emmett gains more from that than the engine',
  'engine at 256 callers over raw inserts of 200, 1 at a time': THREE_ROWS,
  'engine at 256 callers over raw inserts of 200, 2 at a time': THREE_ROWS,
};
